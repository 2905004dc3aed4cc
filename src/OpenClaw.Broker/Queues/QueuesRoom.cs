using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Queues;

/// <summary>What this room adds to the host.</summary>
internal static class QueuesRoom
{
    public static void AddQueues(this IServiceCollection services)
    {
        services.AddSingleton<QueueLinks>();
        services.AddSingleton<INewsSink>(static s => s.GetRequiredService<QueueLinks>());
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(static s => s.GetRequiredService<QueueLinks>());
        services.AddSingleton<ClaimWaiters>();
        services.AddSingleton<QueuePauses>();
        services.AddSingleton<QueueLimits>();
        services.AddSingleton<Claims>();
        services.AddSingleton<QueuesApi>();
        services.AddHostedService<QueueComparison>();
    }

    public static void MapQueues(this WebApplication app) => app.Services.GetRequiredService<QueuesApi>().Map(app);
}
