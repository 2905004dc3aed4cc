using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Jobs;

/// <summary>A job to create. The payload is UTF-8 text.</summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.NewJob")]
internal sealed record NewJob(
    [property: Id(0)] string Command, [property: Id(1)] byte[] Payload, [property: Id(2)] string Lane,
    [property: Id(3)] long Now, [property: Id(4)] IdempotencyKey? Key);

/// <summary>A caller's key, the SHA-256 of the body that came with it, and when that was.</summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.IdempotencyKey")]
internal sealed record IdempotencyKey([property: Id(0)] string Key, [property: Id(1)] byte[] BodyHash, [property: Id(2)] SteadyTime At);

/// <summary>What became of a new job: its row, or the earlier use of its key.</summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.EnqueueReply")]
internal sealed record EnqueueReply([property: Id(0)] Job? Job, [property: Id(1)] KeyUse? EarlierUse);

/// <summary>Which job an idempotency key made, and from what body.</summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.KeyUse")]
internal sealed record KeyUse([property: Id(0)] Guid JobId, [property: Id(1)] byte[] BodyHash);
