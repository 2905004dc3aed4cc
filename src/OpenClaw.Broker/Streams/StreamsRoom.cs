using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Streams;

/// <summary>What this room adds to the host.</summary>
internal static class StreamsRoom
{
    public static void AddStreams(this IServiceCollection services)
    {
        services.AddSingleton<StreamWaiters>();
        services.AddSingleton<INewsSink>(static s => s.GetRequiredService<StreamWaiters>());
        services.AddSingleton<StreamCalls>();
        services.AddSingleton<ChunksApi>();
        services.AddSingleton<StreamApi>();
        services.AddSingleton<ToolCallsApi>();
    }

    public static void MapStreams(this WebApplication app)
    {
        app.Services.GetRequiredService<ChunksApi>().Map(app);
        app.Services.GetRequiredService<StreamApi>().Map(app);
        app.Services.GetRequiredService<ToolCallsApi>().Map(app);
    }
}
