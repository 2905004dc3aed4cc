using System.Security.Cryptography;
using OpenClaw.Broker.Http;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Access;

/// <summary>A token that opens something now: what is known of it, and what was done with it since the start.</summary>
internal sealed class Credential : IDisposable
{
    private const int MostWaits = 512;
    private const long MinuteMs = 60_000;
    private readonly CancellationTokenSource revoked = new();
    private readonly LinkedList<long> creations = new();
    private int waits;
    private long usedAt;

    public Credential(Token token)
    {
        Token = token;
        usedAt = token.UsedAt ?? 0;
        Principal = new CallerPrincipal(new Caller(this, token.Role, token.Person));
    }

    public Token Token { get; }

    public CallerPrincipal Principal { get; }

    /// <summary>Ends all that waits under it once it opens nothing any more.</summary>
    public CancellationToken Revoked => revoked.Token;

    /// <summary>When it was last sent, in milliseconds since 1970; 0 for never.</summary>
    public long UsedAt
    {
        get => Volatile.Read(ref usedAt);
        set => Volatile.Write(ref usedAt, value);
    }

    /// <summary>Whether calls under it are waiting for something.</summary>
    public bool IsWaited => Volatile.Read(ref waits) > 0;

    /// <summary>The use that the table knows of; null where it is that of the row.</summary>
    public long? NotedAt { get; set; }

    /// <summary>Whether this is the text's hash; how long it takes tells nothing.</summary>
    public bool Opens(ReadOnlySpan<byte> hash) => CryptographicOperations.FixedTimeEquals(hash, Token.Hash);

    public void Revoke() => revoked.Cancel();

    /// <summary>Counts a job that is about to be created, within a sliding minute.</summary>
    /// <param name="now">Milliseconds of the steady clock.</param>
    /// <param name="place">Where it is counted, for <see cref="Uncount"/>.</param>
    /// <returns>Null where there may be one more; otherwise in how many seconds there may.</returns>
    public int? TryCount(int perMinute, long now, out LinkedListNode<long>? place)
    {
        lock (creations)
        {
            while (creations.First is { } oldest && now - oldest.Value >= MinuteMs) creations.Remove(oldest);
            place = creations.Count < perMinute ? creations.AddLast(now) : null;
            return place is null ? (int)((creations.First!.Value + MinuteMs - now + 999) / 1000) : null;
        }
    }

    /// <summary>The job was not created after all.</summary>
    public void Uncount(LinkedListNode<long> place)
    {
        lock (creations)
        {
            if (place.List is not null) creations.Remove(place);
        }
    }

    /// <summary>A long poll begins; it ends with what is returned.</summary>
    /// <exception cref="ProblemException">429: there are as many as one token may have.</exception>
    public IDisposable BeginWait()
    {
        if (Interlocked.Increment(ref waits) <= MostWaits) return new OneWait(this);
        Interlocked.Decrement(ref waits);
        throw new ProblemException(StatusCodes.Status429TooManyRequests, ErrorCodes.RateLimited,
            $"the token '{Token.Name}' has {MostWaits} calls waiting, as many as one may have; give each machine a token of its own") { RetryAfter = 1 };
    }

    public void Dispose() => revoked.Dispose();

    private sealed class OneWait(Credential owner) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref owner.waits);
    }
}
