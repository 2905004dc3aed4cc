using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Hooks;

/// <summary>What this room adds to the host.</summary>
internal static class HooksRoom
{
    public static void AddHooks(this IServiceCollection services)
    {
        services.AddSingleton<HookRelay>();
        services.AddSingleton<INewsSink>(static s => s.GetRequiredService<HookRelay>());
        services.AddHostedService(static s => s.GetRequiredService<HookRelay>());
    }
}
