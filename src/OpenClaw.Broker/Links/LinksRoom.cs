using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Links;

/// <summary>What this room adds to the host.</summary>
internal static class LinksRoom
{
    public static void AddLinks(this IServiceCollection services)
    {
        services.AddSingleton<LinkRelay>();
        services.AddSingleton<INewsSink>(static s => s.GetRequiredService<LinkRelay>());
        services.AddHostedService(static s => s.GetRequiredService<LinkRelay>());
        services.AddSingleton<ParentsApi>();
        services.AddSingleton<BatchReader>();
        services.AddSingleton<BatchCreation>();
        services.AddSingleton<BatchApi>();
    }

    public static void MapLinks(this WebApplication app)
    {
        app.Services.GetRequiredService<ParentsApi>().Map(app);
        app.Services.GetRequiredService<BatchApi>().Map(app);
    }
}
