using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Jobs;

/// <summary>A job to create. The payload is UTF-8 text.</summary>
/// <param name="Requires"><c>requires</c> as it was sent; <paramref name="Lane"/> is what it means.</param>
/// <param name="Now">Milliseconds since 1970.</param>
internal sealed record NewJob(string Queue, string Command, byte[] Payload, string? Requires, Lane Lane, long Now, IdempotencyKey? Key);

/// <summary>A caller's key and the SHA-256 of the body that came with it.</summary>
/// <param name="Scope">The caller's name, method and path: the same key of another is another key.</param>
/// <param name="At">On the steady clock, so that how long it is kept does not depend on the date.</param>
internal sealed record IdempotencyKey(string Scope, string Key, byte[] BodyHash, SteadyTime At);

/// <summary>Which job an idempotency key made, and from what body.</summary>
internal sealed record KeyUse(Guid JobId, byte[] BodyHash);

/// <summary>What became of a new job: its row, or the earlier use of its key.</summary>
internal readonly record struct Created(Job? Job, KeyUse? EarlierUse);
