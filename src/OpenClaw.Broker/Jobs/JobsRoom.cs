namespace OpenClaw.Broker.Jobs;

/// <summary>What this room adds to the host.</summary>
internal static class JobsRoom
{
    public static void AddJobs(this IServiceCollection services)
    {
        services.AddSingleton<IJobs, JobGrains>();
        services.AddSingleton<FreshJobs>();
        services.AddSingleton<EndWaiters>();
        services.AddSingleton<INewsSink>(static s => s.GetRequiredService<EndWaiters>());
        services.AddSingleton<DueTimes>();
        services.AddSingleton<INewsSink>(static s => s.GetRequiredService<DueTimes>());
        services.AddHostedService<DueJobs>();
        services.AddSingleton<JobQuota>();
        services.AddSingleton<ApprovalRules>();
        services.AddSingleton<JobCalls>();
        services.AddSingleton<JobReader>();
        services.AddSingleton<JobRates>();
        services.AddSingleton<JobCreation>();
        services.AddSingleton<ChildRetries>();
        services.AddSingleton<JobsApi>();
        services.AddSingleton<JobChangesApi>();
        services.AddSingleton<ManyJobsApi>();
        services.AddSingleton<Ends>();
        services.AddSingleton<WorkerApi>();
        services.AddSingleton<ResultsApi>();
    }

    public static void MapJobs(this WebApplication app)
    {
        app.Services.GetRequiredService<JobsApi>().Map(app);
        app.Services.GetRequiredService<JobChangesApi>().Map(app);
        app.Services.GetRequiredService<ManyJobsApi>().Map(app);
        app.Services.GetRequiredService<WorkerApi>().Map(app);
        app.Services.GetRequiredService<ResultsApi>().Map(app);
    }
}
