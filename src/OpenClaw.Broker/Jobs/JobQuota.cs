using System.Collections.Concurrent;
using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Jobs;

/// <summary>Keeps the number of unfinished jobs, in all and by token, and the length of their payloads within the limits.</summary>
internal sealed class JobQuota(HeldJobs held, BrokerOptions options)
{
    // What is being written just now: the table does not hold it yet.
    private readonly ConcurrentDictionary<string, int> entering = new(StringComparer.Ordinal);
    private long enteringJobs;
    private long enteringBytes;

    /// <summary>Takes a place for a new job until it is written; to be given up then, whatever came of it.</summary>
    /// <exception cref="QueueFullException">There is none.</exception>
    public IDisposable? Enter(NewJob job)
    {
        if (options.MaxQueuedJobs == 0 && options.MaxQueuedBytes == 0 && job.Maker.MaxQueued is null || job.Queue == QueueNames.Hooks) return null;
        var place = new Place(this, job.Maker.Token ?? "", job.Payload.Length);
        try
        {
            Check(held.Jobs + Volatile.Read(ref enteringJobs), 1, options.MaxQueuedJobs, "unfinished jobs", $"raise {BrokerVariables.MaxQueuedJobs}");
            Check(held.Bytes + Volatile.Read(ref enteringBytes), job.Payload.Length, options.MaxQueuedBytes, "bytes in the payloads of unfinished jobs",
                $"raise {BrokerVariables.MaxQueuedBytes}");
            if (job.Maker is { MaxQueued: { } most, Token: { } token })
            {
                Check(held.Of(token) + entering[token], 1, most, $"unfinished jobs of the token '{token}'", "make a token that may have more");
            }
            return place;
        }
        catch
        {
            place.Dispose();
            throw;
        }
    }

    /// <param name="depth">With what is added.</param>
    private static void Check(long depth, long added, long limit, string what, string wayOut)
    {
        if (limit > 0 && depth > limit) throw new QueueFullException(depth - added, limit, what, wayOut);
    }

    private sealed class Place : IDisposable
    {
        private readonly JobQuota quota;
        private readonly string token;
        private readonly long bytes;

        public Place(JobQuota quota, string token, long bytes)
        {
            (this.quota, this.token, this.bytes) = (quota, token, bytes);
            Move(1);
        }

        public void Dispose() => Move(-1);

        private void Move(int by)
        {
            Interlocked.Add(ref quota.enteringJobs, by);
            Interlocked.Add(ref quota.enteringBytes, by * bytes);
            quota.entering.AddOrUpdate(token, static (_, more) => more, static (_, had, more) => had + more, by);
        }
    }
}

/// <summary>As many unfinished jobs, or bytes of them, as there may be.</summary>
internal sealed class QueueFullException(long depth, long limit, string what, string wayOut) :
    Exception($"job queue limit reached: there are {depth} {what}, and there may be {limit}; wait until some have ended, or {wayOut}")
{
    public long Depth => depth;

    public long Limit => limit;
}
