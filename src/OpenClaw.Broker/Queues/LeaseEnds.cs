using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Queues;

/// <summary>Ends the leases of a queue that are over, some at once, and waits for none of them: one write that hangs holds up no other.</summary>
/// <param name="settle">What the queue does after a change.</param>
internal sealed partial class LeaseEnds(
    QueueIndex index, JobCalls calls, WriteOutages outages, Clock clock, long leaseMs, Action settle, ILogger log)
{
    /// <summary>How many are being written at once.</summary>
    public const int MostAtOnce = 64;

    private const int RetryMs = 1000;

    private readonly Queue<Entry> overdue = [];
    private int underWay;

    public void Start(IEnumerable<Entry> due)
    {
        foreach (var entry in due)
        {
            // Its worker may have tried to be heard of while the broker could not write: it gets a whole lease from then.
            if (outages.Latest is { } latest && latest > entry.Until - leaseMs) index.Postpone(entry, latest + leaseMs);
            else overdue.Enqueue(entry);
        }
        Start();
    }

    private void Start()
    {
        while (underWay < MostAtOnce && overdue.TryDequeue(out var entry))
        {
            if (!index.IsCurrent(entry)) continue;
            underWay++;
            _ = EndAsync(entry);
        }
    }

    private async Task EndAsync(Entry entry)
    {
        try
        {
            // The news of it come back as all others do; also those of what kept the lease from ending.
            if (await calls.ApplyAsync(entry.Id, new LeaseEnded(calls.Now, entry.Version)) is not { } reply) index.Forget(entry.Id);
            else if (reply.Refusal == Refusal.None) LogLeaseEnded(entry.Id, reply.Job.Attempt, reply.Job.State);
        }
        catch (Exception e)
        {
            LogRetry(e, entry.Id);
        }
        index.Postpone(entry, clock.SteadyNow + RetryMs);
        underWay--;
        Start();
        settle();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Lease on job {JobId} ended, attempt {Attempt}: now {State}")]
    private partial void LogLeaseEnded(Guid jobId, int attempt, JobState state);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The end of the lease on job {JobId} could not be written; tried again in a second")]
    private partial void LogRetry(Exception e, Guid jobId);
}
