using OpenClaw.Contracts;

namespace OpenClaw.Broker.Jobs;

internal enum JobState
{
    Queued,
    Scheduled,
    Running,
    Done,
    Failed,
    Cancelled,
}

/// <summary>One job as its row holds it. Payload and result are apart: they never travel with the state.</summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.Job")]
internal sealed record Job
{
    /// <summary>The longest a job may lose its worker: this many lost leases fail it.</summary>
    public const int MaxLostLeases = 5;

    [Id(0)] public required Guid Id { get; init; }

    /// <summary>The place in the order of acceptance; given by the write that creates the row.</summary>
    [Id(1)] public long Seq { get; init; }

    /// <summary>Counts the row's writes; a write names the version it replaces.</summary>
    [Id(2)] public long Version { get; init; }

    [Id(3)] public JobState State { get; init; }
    [Id(4)] public string Queue { get; init; } = QueueNames.Default;

    /// <summary>The capabilities the job needs, as <see cref="Lane"/> writes them; empty for none.</summary>
    [Id(5)] public string Lane { get; init; } = "";

    [Id(6)] public required string Command { get; init; }

    // Times are milliseconds since 1970.
    [Id(7)] public long CreatedAt { get; init; }
    [Id(8)] public long? StartedAt { get; init; }
    [Id(9)] public long? FinishedAt { get; init; }
    [Id(10)] public long? LeaseUntil { get; init; }

    [Id(11)] public int Attempt { get; init; }
    [Id(12)] public int Failures { get; init; }
    [Id(13)] public int LostLeases { get; init; }

    /// <summary>The newest attempt's, kept until the next claim: the fence.</summary>
    [Id(14)] public string? LeaseToken { get; init; }

    /// <summary>The newest attempt's, kept until the next claim.</summary>
    [Id(15)] public string? WorkerId { get; init; }

    [Id(16)] public string? ClaimId { get; init; }
    [Id(17)] public bool CancelRequested { get; init; }
    [Id(18)] public string? CancelReason { get; init; }
    [Id(19)] public string? Error { get; init; }

    public bool IsFinal => State is JobState.Done or JobState.Failed or JobState.Cancelled;

    /// <summary>The contract's word for the state.</summary>
    public string Status => State switch
    {
        JobState.Queued or JobState.Scheduled => JobStatuses.Queued,
        JobState.Running => JobStatuses.Running,
        JobState.Done => JobStatuses.Done,
        _ => JobStatuses.Failed,
    };
}

/// <summary>The exact words of <see cref="JobState"/>, the same on the wire and in the table.</summary>
internal static class JobStateNames
{
    private static readonly string[] Names =
        [JobStates.Queued, JobStates.Scheduled, JobStates.Running, JobStates.Done, JobStates.Failed, JobStates.Cancelled];

    public static string Name(this JobState state) => Names[(int)state];

    /// <summary>The state of that name; null where there is none.</summary>
    public static JobState? Parse(string name) => Array.IndexOf(Names, name) is >= 0 and var index ? (JobState)index : null;
}

internal static class QueueNames
{
    public const string Default = "default";
}
