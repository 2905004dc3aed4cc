using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Queues;

namespace OpenClaw.Broker.Workers;

/// <summary>What this room adds to the host.</summary>
internal static class WorkersRoom
{
    public static void AddWorkers(this IServiceCollection services)
    {
        services.AddSingleton<WorkerBook>();
        services.AddSingleton<IDefinitions>(static services => services.GetRequiredService<WorkerBook>());
        services.AddSingleton<WorkerControl>();
        services.AddSingleton<INewsSink>(static s => s.GetRequiredService<WorkerControl>());
        services.AddSingleton<WorkerSightings>();
        services.AddSingleton<IClaimSink>(static s => s.GetRequiredService<WorkerSightings>());
        services.AddSingleton<WorkersApi>();
    }

    public static void AddWorkers(this ISiloBuilder silo) =>
        silo.AddStartupTask(static (services, _) => services.GetRequiredService<WorkerBook>().LoadAsync());

    public static void MapWorkers(this WebApplication app)
    {
        app.Services.GetRequiredService<WorkersApi>().Map(app);
        app.Services.GetRequiredService<WorkerControl>().Map(app);
    }
}
