using System.Security.Cryptography;
using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Jobs;

/// <summary>A job to create. The payload is UTF-8 text.</summary>
/// <param name="Requires"><c>requires</c> as it was sent; <paramref name="Caps"/> is what it means.</param>
/// <param name="Requester">For whom it is.</param>
/// <param name="Maker">Whose token asked for it.</param>
/// <param name="Now">Milliseconds since 1970.</param>
internal sealed record NewJob(string Queue, string Command, byte[] Payload, string? Requires, Caps Caps, string? Requester, Maker Maker, long Now,
    IdempotencyKey? Key)
{
    /// <summary>As it was sent, JSON.</summary>
    public string? Signature { get; init; }

    public Guid Id { get; init; } = Guid.CreateVersion7(); // grows with time, so that new rows lie side by side in the index

    public int Priority { get; init; } = Job.DefaultPriority;

    /// <summary>Not before, in milliseconds since 1970.</summary>
    public long? RunAt { get; init; }

    /// <summary>Whether <see cref="RunAt"/> is the end of a time that is to pass, whatever happens to the wall clock meanwhile.</summary>
    public bool IsDelay { get; init; }

    public long? ExpiresInMs { get; init; }

    public long? TimeoutMs { get; init; }

    public int MaxAttempts { get; init; } = 1;

    public Backoff Backoff { get; init; } = Backoff.Default;

    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>The job of which this is a changed copy.</summary>
    public Guid? RetryOf { get; init; }

    public string? SerialKey { get; init; }

    public Unique? Unique { get; init; }

    /// <summary>The jobs that it waits for, as the client names them.</summary>
    public IReadOnlyList<ParentName> ParentNames { get; init; } = [];

    public IReadOnlyList<Parent> DependsOn { get; init; } = [];

    public Guid? Batch { get; init; }

    /// <summary>That it needs a person's yes.</summary>
    public Approval? Approval { get; init; }

    /// <summary>Where its news go.</summary>
    public Webhook? Webhook { get; init; }

    /// <summary>The batch for whose end it waits.</summary>
    public Guid? AfterBatch { get; init; }

    /// <summary>The schedule that makes it.</summary>
    public string? Schedule { get; init; }

    /// <summary>The schedule's time that it is made for, in milliseconds since 1970.</summary>
    public long? Tick { get; init; }

    /// <summary>Changes of other rooms, written in the same commit before the job; where one is refused, nothing is written.</summary>
    public IReadOnlyList<Change> Also { get; init; } = [];
}

/// <summary>Who makes a job.</summary>
/// <param name="Token">The token's name; null for the shared one.</param>
/// <param name="Actor">As people read it.</param>
/// <param name="MaxQueued">How many unfinished jobs the token may have.</param>
internal sealed record Maker(string? Token, string Actor, int? MaxQueued);

/// <summary>A caller's key and the SHA-256 of the body that came with it.</summary>
/// <param name="Scope">The caller's name, method and path: the same key of another is another key.</param>
/// <param name="At">On the steady clock, so that how long it is kept does not depend on the date.</param>
internal sealed record IdempotencyKey(string Scope, string Key, byte[] BodyHash, SteadyTime At)
{
    /// <summary>The request's; null where it has none.</summary>
    /// <param name="call">Method and path.</param>
    public static IdempotencyKey? Of(HttpContext context, string call, byte[] body, SteadyTime now) => RequestParts.IdempotencyKey(context) is { } key
        ? new IdempotencyKey($"{context.GetCaller().Token.Name} {call}", key, SHA256.HashData(body), now)
        : null;

    /// <exception cref="ProblemException">422: it came with another body before.</exception>
    public void Check(KeyUse use)
    {
        if (!CryptographicOperations.FixedTimeEquals(use.BodyHash, BodyHash)) throw RequestParts.OtherBody();
    }
}

/// <summary>Which job an idempotency key made, and from what body.</summary>
/// <param name="IsFound">Whether it found the job by its unique key, and made none.</param>
internal sealed record KeyUse(Guid JobId, byte[] BodyHash, bool IsFound);

/// <summary>What became of a new job: its row, the earlier use of its key, or the change of another room that was refused.</summary>
internal readonly record struct Created(Job? Job, KeyUse? EarlierUse, Change? Refused = null)
{
    /// <summary>The job that has its unique key, and was there before.</summary>
    public Job? Found { get; init; }
}
