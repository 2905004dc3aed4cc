using System.Buffers.Binary;
using System.Net;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Access;

/// <summary>
/// Counts tokens that opened nothing, by the address they came from: after ten within a minute, whatever comes from there is
/// refused for a minute. A caller on this machine is slowed down instead, since everybody here shares one address.
/// </summary>
internal sealed partial class Guesses(Clock clock, IStore store, ILogger<Guesses> log)
{
    private const int MostPerMinute = 10;
    private const int MostAddresses = 50_000;
    private const int MostNotesPerMinute = 60;
    private const long MinuteMs = 60_000;

    /// <summary>On the machine's clock, as all of the network's times.</summary>
    private static readonly TimeSpan Slowness = TimeSpan.FromMilliseconds(100);

    private readonly Lock gate = new();
    private readonly Dictionary<UInt128, Failed> counts = [];
    private readonly Queue<UInt128> order = new();
    private long notesSince;
    private int notes;

    /// <summary>How many addresses are remembered.</summary>
    public int Addresses => counts.Count;

    /// <summary>For how many seconds nothing from the request's address is looked at; null where it is.</summary>
    public int? BlockedFor(HttpContext context)
    {
        if (counts.Count == 0 || context.Connection.RemoteIpAddress is not { } address || IPAddress.IsLoopback(address)) return null;
        lock (gate)
        {
            return counts.TryGetValue(Key(address), out var count) && count.Failures >= MostPerMinute && Left(count) is > 0 and var left
                ? (int)((left + 999) / 1000) : null;
        }
    }

    public static ProblemException Blocked(int seconds) => new(StatusCodes.Status429TooManyRequests, ErrorCodes.RateLimited,
        "too many wrong tokens came from this address within a minute; look at the token, and try again later") { RetryAfter = seconds };

    /// <summary>Counts a token that opened nothing, and notes it for people; completes when the answer may be sent.</summary>
    /// <param name="expired">The token that it once was.</param>
    public async Task NoteAsync(HttpContext context, Token? expired)
    {
        if (context.Connection.RemoteIpAddress is not { } address) return;
        var (failures, isNoted) = Count(address);
        if (isNoted) await WriteAsync(context, address, failures, expired);
        if (failures > MostPerMinute && IPAddress.IsLoopback(address)) await Task.Delay(Slowness, TimeProvider.System, context.RequestAborted);
    }

    /// <summary>Counts one from the address.</summary>
    /// <returns>How many that makes within the minute, and whether people are told of it.</returns>
    public (int Failures, bool IsNoted) Count(IPAddress address)
    {
        lock (gate)
        {
            var failures = Add(Key(address));
            return (failures, failures is 1 or MostPerMinute && MayNote());
        }
    }

    private async Task WriteAsync(HttpContext context, IPAddress address, int failures, Token? expired)
    {
        var route = $"{context.Request.Method} {(context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText}";
        var what = expired is null ? "a token that is nobody's" : $"the token '{expired.Name}', which has expired";
        var then = failures < MostPerMinute ? "" : $", the {failures}th within a minute";
        LogRefused(address, route, what + then);
        try
        {
            var noted = new AuditEntry(clock.Wall, "unknown", "token.refused", route, $"{what}, from {address}{then}");
            await store.WriteAsync(new Commit([], isEssential: false, noted));
        }
        catch (Exception e) when (e is StorageBusyException or StorageFullException or StorageFailedException)
        {
            LogNotNoted(e);
        }
    }

    private int Add(UInt128 key)
    {
        var isKnown = counts.TryGetValue(key, out var count);
        if (!isKnown || Left(count) <= 0) count = new Failed(clock.SteadyNow.Milliseconds, 0);
        count = count with { Failures = count.Failures + 1 };
        // Blocked, an address stays so for a whole minute.
        if (count.Failures == MostPerMinute) count = count with { Since = clock.SteadyNow.Milliseconds };
        counts[key] = count;
        if (isKnown) return count.Failures;
        order.Enqueue(key);
        while (order.Count > MostAddresses || order.TryPeek(out var oldest) && Left(counts[oldest]) <= 0) counts.Remove(order.Dequeue());
        return count.Failures;
    }

    private long Left(Failed count) => count.Since + MinuteMs - clock.SteadyNow.Milliseconds;

    private bool MayNote()
    {
        var now = clock.SteadyNow.Milliseconds;
        if (now - notesSince >= MinuteMs) (notesSince, notes) = (now, 0);
        return notes++ < MostNotesPerMinute;
    }

    /// <summary>An IPv4 address, or the network of an IPv6 one: whoever has one address there has all.</summary>
    private static UInt128 Key(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        address.TryWriteBytes(bytes, out var written);
        if (written == 16) bytes[8..].Clear();
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Refused {Route} from {Address}: {What}")]
    private partial void LogRefused(IPAddress address, string route, string what);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A refused token could not be noted in the audit")]
    private partial void LogNotNoted(Exception e);

    /// <param name="Since">Milliseconds of the steady clock.</param>
    private readonly record struct Failed(long Since, int Failures);
}
