using OpenClaw.Contracts;

namespace OpenClaw.Broker.Jobs;

internal enum JobState
{
    Queued,
    Scheduled,
    Held,
    Running,
    Done,
    Failed,
    Cancelled,
}

/// <summary>How a job ended.</summary>
internal enum Outcome
{
    Ok,
    Failed,
    Expired,
    TimedOut,
    Denied,
    ParentFailed,
    LostTooOften,
    Cancelled,
}

/// <summary>One job as its row holds it. Payload and result are apart: they never travel with the state.</summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.Job")]
internal sealed record Job
{
    /// <summary>The longest a job may lose its worker: this many lost leases fail it.</summary>
    public const int MaxLostLeases = 5;

    /// <summary>How many workers a job remembers to have been held by.</summary>
    public const int MaxHolders = 16;

    public const int DefaultPriority = 3;

    [Id(0)] public required Guid Id { get; init; }

    /// <summary>The order of acceptance; given by the write that creates the row.</summary>
    [Id(1)] public long Seq { get; init; }

    /// <summary>Counts the row's writes; a write names the version it replaces.</summary>
    [Id(2)] public long Version { get; init; }

    [Id(3)] public JobState State { get; init; }
    [Id(4)] public string Queue { get; init; } = QueueNames.Default;

    /// <summary>The capabilities the job needs.</summary>
    [Id(5)] public Caps Caps { get; init; }

    [Id(6)] public required string Command { get; init; }

    // Times are milliseconds since 1970, on the wall clock: for people.
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

    /// <summary>Its number within the claim, which may take many.</summary>
    [Id(49)] public int ClaimN { get; init; }
    [Id(17)] public bool CancelRequested { get; init; }
    [Id(18)] public string? CancelReason { get; init; }

    /// <summary>Of a long one the beginning; <see cref="JobTexts"/> has all of it.</summary>
    [Id(19)] public string? Error { get; init; }

    [Id(20)] public Outcome? Outcome { get; init; }

    /// <summary>The order within the lane, with <see cref="Seq"/>; see <see cref="Rank"/>.</summary>
    [Id(21)] public long RankAt { get; init; }

    /// <summary><c>requires</c> as it was sent.</summary>
    [Id(22)] public string? Requires { get; init; }

    /// <summary>The last different workers that held it before the newest, the latest last.</summary>
    [Id(23)] public IReadOnlyList<string> EarlierHolders { get; init; } = [];

    [Id(24)] public int Priority { get; init; } = DefaultPriority;

    /// <summary>Counts the texts that were the payload: what was kept of an older one isn't handed out.</summary>
    [Id(25)] public int PayloadVersion { get; init; } = 1;

    [Id(26)] public int PayloadBytes { get; init; }

    /// <summary>For whom it is.</summary>
    [Id(27)] public string? Requester { get; init; }

    /// <summary>The name of the token that made it; null for the shared one.</summary>
    [Id(28)] public string? MadeBy { get; init; }

    /// <summary>The signature as it was sent, JSON; it says nothing to the broker.</summary>
    [Id(29)] public string? Signature { get; init; }

    /// <summary>Counts the times that the job began anew by a person's hand.</summary>
    [Id(30)] public int Round { get; init; } = 1;

    /// <summary>Not before, on the wall clock.</summary>
    [Id(31)] public long? RunAt { get; init; }

    /// <summary>Whether <see cref="RunAt"/> is the end of a time that was to pass, whatever happens to the wall clock meanwhile.</summary>
    [Id(32)] public bool IsDelay { get; init; }

    /// <summary>When a job that no worker has had yet ends unstarted.</summary>
    [Id(33)] public long? ExpiresAt { get; init; }

    /// <summary>How long one attempt may take.</summary>
    [Id(34)] public long? TimeoutMs { get; init; }

    /// <summary>How many failures end the job.</summary>
    [Id(35)] public int MaxAttempts { get; init; } = 1;

    /// <summary>How long it waits after a failure.</summary>
    [Id(36)] public Backoff Backoff { get; init; } = Backoff.Default;

    /// <summary>Whether the newest attempt's failure is counted: the same one sent again is no other.</summary>
    [Id(37)] public bool IsAnswered { get; init; }

    /// <summary>What it waits for that is no time; in state held, and then one at least.</summary>
    [Id(38)] public IReadOnlyList<Hold> Holds { get; init; } = [];

    [Id(39)] public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>The job of which this is a changed copy.</summary>
    [Id(40)] public Guid? RetryOf { get; init; }

    /// <summary>The schedule that made it.</summary>
    [Id(41)] public string? Schedule { get; init; }

    /// <summary>The schedule's time that it was made for, in milliseconds since 1970; null of one that was made beside its times.</summary>
    [Id(42)] public long? Tick { get; init; }

    public Lane Lane => new(Caps, Command);

    public Rank Rank => new(RankAt, Seq);

    /// <summary>Jobs of a queue with the same key run one at a time, in the order of acceptance.</summary>
    [Id(43)] public string? SerialKey { get; init; }

    /// <summary>Whether it is the first of its serial key; the table alone knows, and says so when the row is read.</summary>
    [Id(44)] public bool IsFirst { get; init; }

    /// <summary>The text that no other unfinished job of its queue and command may have.</summary>
    [Id(45)] public string? UniqueKey { get; init; }

    [Id(46)] public IReadOnlyList<Parent> DependsOn { get; init; } = [];

    [Id(47)] public Guid? Batch { get; init; }

    /// <summary>That it needs a person's yes, and whether it has it.</summary>
    [Id(48)] public Approval? Approval { get; init; }

    /// <summary>How far the newest attempt is; null where it never said.</summary>
    [Id(50)] public Progress? Progress { get; init; }

    /// <summary>Where its news go; null where nobody asked for any.</summary>
    [Id(51)] public Webhook? Webhook { get; init; }

    public bool IsReady => State == JobState.Queued && (SerialKey is null || IsFirst);

    public bool IsFinal => State is JobState.Done or JobState.Failed or JobState.Cancelled;

    /// <summary>Whether nobody has claimed it, or nobody holds it any more.</summary>
    public bool IsWaiting => State is JobState.Queued or JobState.Scheduled or JobState.Held;

    /// <summary>Whether an attempt may have been noted that the row tells nothing of.</summary>
    public bool HasNotedAttempts => Attempt > 1 || Round > 1 || Failures > 0 || LostLeases > 0 || Attempt > 0 && State != JobState.Running;

    /// <summary>Which job and how it stands: whoever logs one logs no token and no text.</summary>
    public override string ToString() => $"job {Id} version {Version} {State}";

    /// <summary>The contract's word for the state.</summary>
    public string Status => State switch
    {
        JobState.Queued or JobState.Scheduled or JobState.Held => JobStatuses.Queued,
        JobState.Running => JobStatuses.Running,
        JobState.Done => JobStatuses.Done,
        _ => JobStatuses.Failed,
    };
}

/// <summary>The exact words of <see cref="JobState"/>, the same on the wire and in the table.</summary>
internal static class JobStateNames
{
    private static readonly string[] Names =
        [JobStates.Queued, JobStates.Scheduled, JobStates.Held, JobStates.Running, JobStates.Done, JobStates.Failed, JobStates.Cancelled];

    public static string Name(this JobState state) => Names[(int)state];

    /// <summary>The state of that name; null where there is none.</summary>
    public static JobState? Parse(string? name) => Array.IndexOf(Names, name) is >= 0 and var index ? (JobState)index : null;
}

/// <summary>The words of <see cref="Outcome"/>.</summary>
internal static class OutcomeNames
{
    private static readonly string[] Names = ["ok", "failed", "expired", "timed_out", "denied", "parent_failed", "lost_too_often", "cancelled"];

    public static string Name(this Outcome outcome) => Names[(int)outcome];

    public static Outcome? Parse(string? name) => Array.IndexOf(Names, name) is >= 0 and var index ? (Outcome)index : null;
}
