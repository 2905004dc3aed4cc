using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Jobs;

/// <summary>A job to create. The payload is UTF-8 text.</summary>
/// <param name="Requires"><c>requires</c> as it was sent; <paramref name="Lane"/> is what it means.</param>
/// <param name="Requester">For whom it is.</param>
/// <param name="Maker">Whose token asked for it.</param>
/// <param name="Now">Milliseconds since 1970.</param>
internal sealed record NewJob(string Queue, string Command, byte[] Payload, string? Requires, Lane Lane, string? Requester, Maker Maker, long Now,
    IdempotencyKey? Key)
{
    /// <summary>As it was sent, JSON.</summary>
    public string? Signature { get; init; }
}

/// <summary>Who makes a job.</summary>
/// <param name="Token">The token's name; null for the shared one.</param>
/// <param name="Actor">As people read it.</param>
/// <param name="MaxQueued">How many unfinished jobs the token may have.</param>
internal sealed record Maker(string? Token, string Actor, int? MaxQueued);

/// <summary>A caller's key and the SHA-256 of the body that came with it.</summary>
/// <param name="Scope">The caller's name, method and path: the same key of another is another key.</param>
/// <param name="At">On the steady clock, so that how long it is kept does not depend on the date.</param>
internal sealed record IdempotencyKey(string Scope, string Key, byte[] BodyHash, SteadyTime At);

/// <summary>Which job an idempotency key made, and from what body.</summary>
internal sealed record KeyUse(Guid JobId, byte[] BodyHash);

/// <summary>What became of a new job: its row, or the earlier use of its key.</summary>
internal readonly record struct Created(Job? Job, KeyUse? EarlierUse);
