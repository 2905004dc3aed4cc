using System.Globalization;
using System.Net.Http.Headers;

namespace OpenClaw.Bot.Discord;

/// <summary>
/// Which request may go now: buckets as Discord's headers describe them, one request at a time in each, and the global limit.
/// </summary>
internal sealed class RateLimits(TimeProvider clock)
{
    private const int Pruned = 256;
    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(10);

    private readonly Lock gate = new();
    private readonly Dictionary<string, string> names = [];
    private readonly Dictionary<string, Bucket> buckets = [];
    private readonly SendBudget perSecond = new(45, TimeSpan.FromSeconds(1), clock);
    private DateTimeOffset closedUntil;

    /// <summary>Waits for the call's turn; what it returns has to be disposed after the answer was learnt from.</summary>
    public async Task<Turn> EnterAsync(RestCall call, CancellationToken stop)
    {
        var bucket = Find(call);
        await bucket.Turn.WaitAsync(stop);
        try
        {
            while (Wait(bucket) is { } wait) await Task.Delay(wait + Margin, clock, stop);
            await perSecond.TakeAsync(stop);
            return new Turn(bucket);
        }
        catch
        {
            bucket.Turn.Release();
            throw;
        }
    }

    public void Learn(RestCall call, Turn turn, HttpResponseHeaders headers)
    {
        lock (gate)
        {
            var bucket = turn.Bucket;
            if (Text(headers, "X-RateLimit-Bucket") is { } name)
            {
                names[RouteOf(call)] = name;
                if (!buckets.TryAdd($"{name}:{call.Major}", bucket)) bucket = buckets[$"{name}:{call.Major}"];
            }
            if (Number(headers, "X-RateLimit-Remaining") is not { } remaining) return;
            var after = Number(headers, "X-RateLimit-Reset-After")
                ?? Number(headers, "X-RateLimit-Reset") - clock.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;
            bucket.Remaining = remaining;
            bucket.ResetsAt = clock.GetUtcNow() + TimeSpan.FromSeconds(Math.Clamp(after ?? 1, 0, 86400));
        }
    }

    /// <summary>After a 429.</summary>
    public void Close(Turn turn, TimeSpan time, bool everything)
    {
        lock (gate)
        {
            var until = clock.GetUtcNow() + time;
            if (everything) closedUntil = until;
            else (turn.Bucket.Remaining, turn.Bucket.ResetsAt) = (0, until);
        }
    }

    private TimeSpan? Wait(Bucket bucket)
    {
        lock (gate)
        {
            var now = clock.GetUtcNow();
            if (bucket.ResetsAt <= now) bucket.Remaining = 1;
            var until = bucket.Remaining < 1 && bucket.ResetsAt > closedUntil ? bucket.ResetsAt : closedUntil;
            if (until > now) return until - now;
            bucket.Remaining--;
            return null;
        }
    }

    private Bucket Find(RestCall call)
    {
        lock (gate)
        {
            if (buckets.Count > Pruned)
            {
                foreach (var key in buckets.Where(b => b.Value.IsIdle(clock.GetUtcNow())).Select(b => b.Key).ToList()) buckets.Remove(key);
            }
            var name = names.GetValueOrDefault(RouteOf(call), RouteOf(call));
            return buckets.TryGetValue($"{name}:{call.Major}", out var known) ? known : buckets[$"{name}:{call.Major}"] = new Bucket();
        }
    }

    private static string RouteOf(RestCall call) => $"{call.Method} {call.Route}";

    private static double? Number(HttpResponseHeaders headers, string name) =>
        double.TryParse(Text(headers, name), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string? Text(HttpResponseHeaders headers, string name) =>
        headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

    internal sealed class Bucket
    {
        public SemaphoreSlim Turn { get; } = new(1);
        public double Remaining { get; set; } = 1;
        public DateTimeOffset ResetsAt { get; set; }

        public bool IsIdle(DateTimeOffset now) => Turn.CurrentCount == 1 && ResetsAt < now;
    }

    /// <summary>A place in a bucket, given back by disposing it.</summary>
    internal sealed class Turn(Bucket bucket) : IDisposable
    {
        public Bucket Bucket { get; } = bucket;

        public void Dispose() => Bucket.Turn.Release();
    }
}
