using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Jobs;

/// <summary>What others hear of a job that changed: enough to file it, and none of its texts.</summary>
/// <param name="LeaseMs">Of a running job: how long a lease lasts.</param>
/// <param name="At">When it happened, on the steady clock of the process that says so.</param>
[GenerateSerializer, Immutable, Alias("OpenClaw.JobNews")]
internal sealed record JobNews(
    [property: Id(0)] Guid Id, [property: Id(1)] long Version, [property: Id(2)] JobState State, [property: Id(3)] string Queue,
    [property: Id(4)] Rank Rank, [property: Id(5)] Lane Lane, [property: Id(6)] long LeaseMs, [property: Id(7)] SteadyTime At,
    [property: Id(8)] bool CancelRequested)
{
    /// <summary>The queue in which the job was before.</summary>
    [Id(9)] public string? LeftQueue { get; init; }

    /// <summary>When time alone changes the job, in milliseconds since 1970; null where it won't.</summary>
    [Id(10)] public long? DueAt { get; init; }

    /// <summary>How long it was until then.</summary>
    [Id(13)] public long DueMs { get; init; }

    /// <summary>Whether that moment is a date, which follows the wall clock.</summary>
    [Id(11)] public bool IsDueByDate { get; init; }

    /// <summary>Whether it can be claimed.</summary>
    [Id(12)] public bool IsReady { get; init; }

    /// <summary>Whether it depends on others, or waits for a batch.</summary>
    [Id(14)] public bool IsChild { get; init; }

    /// <summary>Its batch, or the one for whose end it waits.</summary>
    [Id(15)] public Guid? Batch { get; init; }

    /// <summary>For whom it is; null where nobody is named.</summary>
    [Id(16)] public string? Requester { get; init; }

    /// <summary>Whether its news are told elsewhere.</summary>
    [Id(17)] public bool HasWebhook { get; init; }

    public bool IsFinal => State is JobState.Done or JobState.Failed or JobState.Cancelled;

    public static JobNews Of(Job job, SteadyTime at, long leaseMs) =>
        new(job.Id, job.Version, job.State, job.Queue, job.Rank, job.Lane, leaseMs, at, job.CancelRequested)
        {
            IsReady = job.IsReady,
            Requester = job.Requester,
            HasWebhook = job.Webhook is not null && job.Queue != QueueNames.Hooks,
            IsChild = job.DependsOn.Count > 0,
            Batch = job.Batch ?? Awaited(job),
        };

    private static Guid? Awaited(Job job)
    {
        foreach (var hold in job.Holds) if (hold.Kind == HoldKinds.Batch) return Guid.Parse(hold.Detail!);
        return null;
    }
}

/// <summary>Hears of every change of every job, in this process.</summary>
internal interface INewsSink
{
    /// <summary>Completes when the news count; of news that nobody waits for, at once. Never fails, and takes a second at most.</summary>
    ValueTask Heard(JobNews news);
}
