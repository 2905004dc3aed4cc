namespace OpenClaw.Broker.Jobs;

/// <summary>Something that happens to a job; <see cref="JobRules"/> says what becomes of it. Times are milliseconds since 1970.</summary>
[GenerateSerializer, Immutable]
internal abstract record JobEvent;

/// <summary>A worker takes the job. The same claim id and worker again while that attempt runs is the same claim.</summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.Claimed")]
internal sealed record Claimed(
    [property: Id(0)] long Now, [property: Id(1)] long LeaseUntil, [property: Id(2)] string Token,
    [property: Id(3)] string? WorkerId, [property: Id(4)] string? ClaimId) : JobEvent;

/// <summary>An event that the holder of a lease sends; a token, where there is one, is the only proof that counts.</summary>
[GenerateSerializer, Immutable]
internal abstract record HolderEvent([property: Id(0)] long Now, [property: Id(1)] string? Token, [property: Id(2)] string? WorkerId) : JobEvent;

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

/// <summary>A claim whose answer could not be delivered never happened.</summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.Undelivered")]
internal sealed record Undelivered([property: Id(0)] long Now, [property: Id(1)] string Token) : JobEvent;

[GenerateSerializer, Immutable, Alias("OpenClaw.LeaseEnded")]
internal sealed record LeaseEnded([property: Id(0)] long Now, [property: Id(1)] string Token) : JobEvent;

[GenerateSerializer, Immutable, Alias("OpenClaw.CancelRequested")]
internal sealed record CancelRequested([property: Id(0)] long Now, [property: Id(1)] string? Reason) : JobEvent;
