namespace OpenClaw.Broker.Approvals;

/// <summary>What this room adds to the host.</summary>
internal static class ApprovalsRoom
{
    public static void AddApprovals(this IServiceCollection services)
    {
        services.AddSingleton<Approvers>();
        services.AddSingleton<ApprovalsApi>();
    }

    public static void MapApprovals(this WebApplication app) => app.Services.GetRequiredService<ApprovalsApi>().Map(app);
}
