using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Jobs;

/// <summary>Something that happens to a job; <see cref="JobRules"/> says what becomes of it. Times are milliseconds since 1970, on the wall clock.</summary>
[GenerateSerializer, Immutable]
internal abstract record JobEvent([property: Id(0)] long Now)
{
    /// <summary>What of it stands in the audit: what people did, not what jobs went through.</summary>
    public virtual AuditEntry? Noted(Job job) => null;

    /// <summary>Its kind alone: whoever logs a call logs no token and no text.</summary>
    public sealed override string ToString() => GetType().Name;
}

/// <summary>A worker takes the job. The same claim id and worker again while that attempt runs is the same claim.</summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.Claimed")]
internal sealed record Claimed(
    long Now, [property: Id(1)] long LeaseUntil, [property: Id(2)] string Token,
    [property: Id(3)] string? WorkerId, [property: Id(4)] string? ClaimId) : JobEvent(Now)
{
    /// <summary>The queue that offered it: a job that has left it meanwhile is none of its worker's.</summary>
    [Id(0)] public string? Queue { get; init; }

    /// <summary>The job's number within the claim.</summary>
    [Id(5)] public int N { get; init; }
}

/// <summary>An event that the holder of a lease sends; a token, where there is one, is the only proof that counts.</summary>
[GenerateSerializer, Immutable]
internal abstract record HolderEvent(long Now, [property: Id(1)] string? Token, [property: Id(2)] string? WorkerId) : JobEvent(Now);

/// <summary>The work is done. The result is UTF-8 text.</summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.Finished")]
internal sealed record Finished(long Now, string? Token, string? WorkerId, [property: Id(0)] byte[] Result) : HolderEvent(Now, Token, WorkerId);

[GenerateSerializer, Immutable, Alias("OpenClaw.Failed")]
internal sealed record Failed(long Now, string? Token, string? WorkerId, [property: Id(0)] string Error) : HolderEvent(Now, Token, WorkerId)
{
    /// <summary>Whether another try might do better.</summary>
    [Id(1)] public bool IsRetryable { get; init; } = true;

    /// <summary>How long the worker wants the next try to wait; null for the job's backoff.</summary>
    [Id(2)] public long? RetryAfterMs { get; init; }

    /// <summary>From 0 to below 1: which part of its longest wait the backoff takes.</summary>
    [Id(3)] public double Chance { get; init; }
}

[GenerateSerializer, Immutable, Alias("OpenClaw.Heartbeat")]
internal sealed record Heartbeat(long Now, string? Token, string? WorkerId, [property: Id(0)] long LeaseUntil) : HolderEvent(Now, Token, WorkerId)
{
    /// <summary>How far the worker is; null where it doesn't say.</summary>
    [Id(1)] public Progress? Progress { get; init; }

    /// <summary>What it wants the next attempt to know, UTF-8; null where that stays.</summary>
    [Id(2)] public byte[]? Details { get; init; }
}

/// <summary>The worker gives the job back; nothing is counted against it.</summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.Released")]
internal sealed record Released(long Now, string? Token, string? WorkerId) : HolderEvent(Now, Token, WorkerId)
{
    [Id(0)] public long DelayMs { get; init; }

    [Id(1)] public string? Reason { get; init; }

    /// <summary>Whether a person has to say yes before it is claimed again.</summary>
    [Id(2)] public bool NeedsApproval { get; init; }
}

/// <summary>A claim whose answer could not be delivered never happened, unless something else has happened since.</summary>
/// <param name="Version">The job's version that the claim made.</param>
/// <param name="Before">The job as the claim found it.</param>
[GenerateSerializer, Immutable, Alias("OpenClaw.Undelivered")]
internal sealed record Undelivered(long Now, [property: Id(1)] long Version, [property: Id(2)] Job Before) : JobEvent(Now);

/// <summary>The queue's clock says that the lease is over, as it knew the job.</summary>
/// <param name="Version">The job's version that held the lease: a row that has moved on refuses.</param>
[GenerateSerializer, Immutable, Alias("OpenClaw.LeaseEnded")]
internal sealed record LeaseEnded(long Now, [property: Id(1)] long Version) : JobEvent(Now);

/// <summary>A moment has come that time alone brings, as the clock knew the job: see <see cref="JobRules.Due"/>.</summary>
/// <param name="Version">The job's version that waited for it: a row that has moved on refuses.</param>
/// <param name="Chance">From 0 to below 1: which part of its longest wait the backoff takes, where the moment ends an attempt.</param>
[GenerateSerializer, Immutable, Alias("OpenClaw.TimeCame")]
internal sealed record TimeCame(long Now, [property: Id(1)] long Version, [property: Id(2)] double Chance) : JobEvent(Now);

/// <summary>What a job waits for has come.</summary>
[GenerateSerializer, Immutable]
internal abstract record LinkEvent(long Now) : JobEvent(Now);

/// <summary>A parent has ended.</summary>
/// <param name="IsOk">Whether it is done.</param>
[GenerateSerializer, Immutable, Alias("OpenClaw.ParentEnded")]
internal sealed record ParentEnded(long Now, [property: Id(0)] Guid Parent, [property: Id(1)] bool IsOk) : LinkEvent(Now);

/// <summary>No job of a batch is unfinished.</summary>
/// <param name="IsReleased">Whether that is what the job waits for: it ends otherwise.</param>
[GenerateSerializer, Immutable, Alias("OpenClaw.BatchEnded")]
internal sealed record BatchEnded(long Now, [property: Id(0)] Guid Batch, [property: Id(1)] bool IsReleased) : LinkEvent(Now);

/// <summary>A person or a client changes a job that waits, or one that has ended.</summary>
[GenerateSerializer, Immutable]
internal abstract record PersonEvent(long Now, [property: Id(1)] string Actor) : JobEvent(Now)
{
    protected abstract string Action { get; }

    public sealed override AuditEntry Noted(Job job) => new(Now, Actor, Action, job.Id.ToString(), job.Command);
}

[GenerateSerializer, Immutable, Alias("OpenClaw.CancelRequested")]
internal sealed record CancelRequested(long Now, [property: Id(0)] string? Reason, string Actor) : PersonEvent(Now, Actor)
{
    protected override string Action => "job.cancel";
}

/// <summary>A person wants an ended job gone, with all that it held.</summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.Deleted")]
internal sealed record Deleted(long Now, string Actor) : PersonEvent(Now, Actor)
{
    protected override string Action => "job.delete";
}

/// <summary>A new round of a job that failed or was cancelled.</summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.Retried")]
internal sealed record Retried(long Now, string Actor) : PersonEvent(Now, Actor)
{
    /// <summary>The parents for which it waits again.</summary>
    [Id(0)] public IReadOnlyList<Guid> Parents { get; init; } = [];

    /// <summary>The batch for which it waits again.</summary>
    [Id(1)] public Guid? Batch { get; init; }

    protected override string Action => "job.retry";
}

[GenerateSerializer, Immutable, Alias("OpenClaw.HoldPlaced")]
internal sealed record HoldPlaced(long Now, string Actor, [property: Id(0)] string? Reason) : PersonEvent(Now, Actor)
{
    protected override string Action => "job.hold";
}

[GenerateSerializer, Immutable, Alias("OpenClaw.HoldLifted")]
internal sealed record HoldLifted(long Now, string Actor) : PersonEvent(Now, Actor)
{
    protected override string Action => "job.unhold";
}

/// <summary>A waiting job is to wait longer.</summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.Snoozed")]
internal sealed record Snoozed(long Now, string Actor, [property: Id(0)] long Ms) : PersonEvent(Now, Actor)
{
    protected override string Action => "job.snooze";
}

/// <summary>A person's yes or no to a job that waits for it.</summary>
/// <param name="Digest">Of what was shown to that person.</param>
/// <param name="PayloadVersion">Of the payload that was shown.</param>
/// <param name="Queue">The queue that was shown.</param>
[GenerateSerializer, Immutable, Alias("OpenClaw.Decision")]
internal sealed record Decision(long Now, string Actor, [property: Id(0)] bool IsYes, [property: Id(1)] string Digest, [property: Id(2)] int PayloadVersion,
    [property: Id(3)] string Queue, [property: Id(4)] string? Comment) : PersonEvent(Now, Actor)
{
    protected override string Action => IsYes ? "job.approve" : "job.deny";
}

/// <summary>A waiting job's fields are changed.</summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.Edited")]
internal sealed record Edited(long Now, string Actor, [property: Id(0)] JobEdit Edit) : PersonEvent(Now, Actor)
{
    protected override string Action => "job.edit";
}

/// <summary>What an edit changes; null leaves a field as it is.</summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.JobEdit")]
internal sealed record JobEdit
{
    /// <summary>The version that the editor has seen; null for any.</summary>
    [Id(0)] public long? Version { get; init; }

    /// <summary>UTF-8.</summary>
    [Id(1)] public byte[]? Payload { get; init; }

    [Id(2)] public int? Priority { get; init; }

    [Id(3)] public string? Queue { get; init; }

    /// <summary>Whether the queue's name has to be written, too.</summary>
    [Id(8)] public bool IsNewQueue { get; init; }

    [Id(4)] public int? MaxAttempts { get; init; }

    [Id(5)] public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>Milliseconds since 1970; 0 for at once.</summary>
    [Id(6)] public long? RunAt { get; init; }

    /// <summary>Whether <see cref="RunAt"/> is the end of a delay.</summary>
    [Id(9)] public bool IsDelay { get; init; }

    /// <summary>What a rule asks for where the job comes to; null where none does.</summary>
    [Id(10)] public Approval? Approval { get; init; }

    /// <summary>From the edit on; 0 for never.</summary>
    [Id(7)] public long? ExpiresInMs { get; init; }

    /// <summary>The names of the fields, for the history.</summary>
    public string Names => string.Join(", ", Changed());

    private IEnumerable<string> Changed()
    {
        if (Payload is not null) yield return "payload";
        if (Priority is not null) yield return "priority";
        if (Queue is not null) yield return "queue";
        if (MaxAttempts is not null) yield return "max_attempts";
        if (Tags is not null) yield return "tags";
        if (RunAt is not null) yield return "run_at";
        if (ExpiresInMs is not null) yield return "expires_in_seconds";
    }
}
