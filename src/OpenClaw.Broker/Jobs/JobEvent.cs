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
    [property: Id(3)] string? WorkerId, [property: Id(4)] string? ClaimId) : JobEvent(Now);

/// <summary>An event that the holder of a lease sends; a token, where there is one, is the only proof that counts.</summary>
[GenerateSerializer, Immutable]
internal abstract record HolderEvent(long Now, [property: Id(1)] string? Token, [property: Id(2)] string? WorkerId) : JobEvent(Now);

/// <summary>The work is done. The result is UTF-8 text.</summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.Finished")]
internal sealed record Finished(long Now, string? Token, string? WorkerId, [property: Id(0)] byte[] Result) : HolderEvent(Now, Token, WorkerId);

[GenerateSerializer, Immutable, Alias("OpenClaw.Failed")]
internal sealed record Failed(long Now, string? Token, string? WorkerId, [property: Id(0)] string Error) : HolderEvent(Now, Token, WorkerId);

[GenerateSerializer, Immutable, Alias("OpenClaw.Heartbeat")]
internal sealed record Heartbeat(long Now, string? Token, string? WorkerId, [property: Id(0)] long LeaseUntil) : HolderEvent(Now, Token, WorkerId);

/// <summary>The worker gives the job back; nothing is counted against it.</summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.Released")]
internal sealed record Released(long Now, string? Token, string? WorkerId) : HolderEvent(Now, Token, WorkerId);

/// <summary>A claim whose answer could not be delivered never happened, unless something else has happened since.</summary>
/// <param name="Version">The job's version that the claim made.</param>
/// <param name="Before">The job as the claim found it.</param>
[GenerateSerializer, Immutable, Alias("OpenClaw.Undelivered")]
internal sealed record Undelivered(long Now, [property: Id(1)] long Version, [property: Id(2)] Job Before) : JobEvent(Now);

/// <summary>The queue's clock says that the lease is over, as it knew the job.</summary>
/// <param name="Version">The job's version that held the lease: a row that has moved on refuses.</param>
[GenerateSerializer, Immutable, Alias("OpenClaw.LeaseEnded")]
internal sealed record LeaseEnded(long Now, [property: Id(1)] long Version) : JobEvent(Now);

[GenerateSerializer, Immutable, Alias("OpenClaw.CancelRequested")]
internal sealed record CancelRequested(long Now, [property: Id(1)] string? Reason, [property: Id(2)] string Actor) : JobEvent(Now)
{
    public override AuditEntry Noted(Job job) => new(Now, Actor, "job.cancel", job.Id.ToString(), job.Command);
}

/// <summary>A person wants an ended job gone, with all that it held.</summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.Deleted")]
internal sealed record Deleted(long Now, [property: Id(1)] string Actor) : JobEvent(Now)
{
    public override AuditEntry Noted(Job job) => new(Now, Actor, "job.delete", job.Id.ToString(), job.Command);
}
