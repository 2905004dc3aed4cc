using System.Runtime;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Http;

/// <summary>
/// How much memory long bodies and long answers may hold at once, however many clients send or read slowly. What is
/// held is given back when its request ends.
/// </summary>
internal sealed class ByteBudget(BrokerOptions options, TimeProvider time)
{
    /// <summary>Up to this length nothing is counted: the number of connections bounds it.</summary>
    public const int Uncounted = 64 * 1024;

    private const int RetrySeconds = 2;
    private const long WorthCollecting = 32 << 20;
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(10);
    private long inFlight;
    private long sinceCollection;
    private int collecting;

    public long InFlight => Volatile.Read(ref inFlight);

    /// <summary>Counts bytes until the request ends.</summary>
    /// <exception cref="ProblemException">503: too many are in flight.</exception>
    public static void Hold(HttpContext context, long bytes)
    {
        var budget = context.RequestServices.GetRequiredService<ByteBudget>();
        if (Interlocked.Add(ref budget.inFlight, bytes) > budget.Limit)
        {
            budget.Release(bytes);
            throw new ProblemException(StatusCodes.Status503ServiceUnavailable, ErrorCodes.Busy,
                "not executed: the long bodies and answers under way leave no room for this one; try again, or raise "
                    + $"{BrokerVariables.MaxBytesInFlight} in the broker's configuration")
            {
                RetryAfter = RetrySeconds,
            };
        }
        Interlocked.Add(ref budget.sinceCollection, bytes);
        context.Response.RegisterForDispose(new Held(budget, bytes));
    }

    private long Limit => options.MaxBytesInFlight;

    private void Release(long bytes)
    {
        if (Interlocked.Add(ref inFlight, -bytes) == 0 && Volatile.Read(ref sinceCollection) > WorthCollecting
            && Interlocked.Exchange(ref collecting, 1) == 0) _ = CollectAsync();
    }

    /// <summary>Gives memory back to the system once no long text is under way: an idle process collects nothing by itself.</summary>
    private async Task CollectAsync()
    {
        await Task.Delay(Quiet, time);
        if (InFlight == 0)
        {
            Volatile.Write(ref sinceCollection, 0);
            GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }
        Volatile.Write(ref collecting, 0);
    }

    private sealed class Held(ByteBudget budget, long bytes) : IDisposable
    {
        public void Dispose() => budget.Release(bytes);
    }
}
