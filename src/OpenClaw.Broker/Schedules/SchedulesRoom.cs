using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Schedules;

/// <summary>What this room adds to the host.</summary>
internal static class SchedulesRoom
{
    public static void AddSchedules(this IServiceCollection services)
    {
        services.AddSingleton<ScheduleJobs>();
        services.AddSingleton<ScheduleEnds>();
        services.AddSingleton<INewsSink>(static s => s.GetRequiredService<ScheduleEnds>());
        services.AddSingleton<ScheduleReader>();
        services.AddSingleton<SchedulesApi>();
    }

    public static void AddSchedules(this ISiloBuilder silo) => silo.AddStartupTask<ScheduleStarter>();

    public static void MapSchedules(this WebApplication app) => app.Services.GetRequiredService<SchedulesApi>().Map(app);
}
