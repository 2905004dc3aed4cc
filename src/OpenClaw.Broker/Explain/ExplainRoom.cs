using OpenClaw.Broker.Streams;

namespace OpenClaw.Broker.Explain;

/// <summary>What this room adds to the host.</summary>
internal static class ExplainRoom
{
    public static void AddExplain(this IServiceCollection services)
    {
        services.AddSingleton<ExplainApi>();
        services.AddSingleton<ISilence>(static s => s.GetRequiredService<ExplainApi>());
    }

    public static void MapExplain(this WebApplication app) => app.Services.GetRequiredService<ExplainApi>().Map(app);
}
