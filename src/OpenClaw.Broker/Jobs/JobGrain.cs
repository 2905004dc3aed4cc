using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Jobs;

/// <summary>The one authority over one job. Calls no other grain and waits for nothing but its own commit.</summary>
[Alias("OpenClaw.IJobGrain")]
internal interface IJobGrain : IGrainWithGuidKey
{
    /// <summary>Lets an event happen to the job.</summary>
    /// <returns>The job as it is now, also when it refused; null where there is none.</returns>
    [Alias("Apply")]
    Task<JobReply?> ApplyAsync(JobEvent e);
}

/// <summary>The job after an event, and why the event changed nothing where it didn't.</summary>
/// <param name="Before">The job that the event changed.</param>
[GenerateSerializer, Immutable, Alias("OpenClaw.JobReply")]
internal sealed record JobReply([property: Id(0)] Job Job, [property: Id(1)] Refusal Refusal, [property: Id(2)] Job? Before);

/// <summary>A <see cref="JobKeeper"/> that Orleans keeps one of, and takes out of memory.</summary>
internal sealed class JobGrain(IJobStore store, FreshJobs fresh, Clock clock, ILogger<JobGrain> log) : Grain, IJobGrain
{
    private JobKeeper keeper = null!;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        keeper = new JobKeeper(this.GetPrimaryKey(), store, fresh, clock, log);
        return keeper.LoadAsync();
    }

    public async Task<JobReply?> ApplyAsync(JobEvent e)
    {
        var reply = await keeper.ApplyAsync(e);
        if (reply is not { Before: null } && keeper.IsOver) DeactivateOnIdle(); // once: who comes after it finds it in memory or loads it
        return reply;
    }
}
