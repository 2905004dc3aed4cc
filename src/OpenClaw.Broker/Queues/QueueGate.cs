using System.Collections.Concurrent;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Queues;

/// <summary>How many jobs of a queue may run at once, and how many may start within a time; null where that is not limited.</summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.QueueLimit")]
internal sealed record QueueLimit([property: Id(0)] int? MaxRunning, [property: Id(1)] int? Starts, [property: Id(2)] long PerMs);

/// <summary>Keeps a queue within its limit. It closes the whole queue, so no job is ever passed over.</summary>
internal sealed class QueueGate
{
    private readonly Queue<SteadyTime> starts = [];
    private bool wasClosed;

    public QueueLimit? Limit { get; private set; }

    /// <summary>When the rate lets another job start; null where it does now.</summary>
    public SteadyTime? OpensAt { get; private set; }

    /// <summary>A job has started.</summary>
    public void Start(SteadyTime at)
    {
        if (Limit?.Starts is not null) starts.Enqueue(at);
    }

    public void Forget() => starts.Clear();

    /// <summary>Another limit counts from now on, or none.</summary>
    public void Take(QueueLimit? limit) => (Limit, OpensAt) = (limit, null);

    /// <summary>Whether no other job may start now.</summary>
    /// <param name="running">Those set aside among them, which are about to start.</param>
    public bool IsClosed(int running, int setAside, SteadyTime now)
    {
        OpensAt = null; // a moment that has passed would set the queue's timer for ever
        return wasClosed = IsFull(running) || IsAhead(setAside, now);
    }

    /// <summary>Whether it was closed when it was last looked at, and is no longer: who waits has to look again.</summary>
    public bool HasOpened(int running, int setAside, SteadyTime now) => wasClosed && !IsClosed(running, setAside, now);

    private bool IsFull(int running) => running >= Limit?.MaxRunning;

    private bool IsAhead(int setAside, SteadyTime now)
    {
        if (Limit is not { Starts: { } most, PerMs: var per })
        {
            starts.Clear();
            return false;
        }
        while (starts.TryPeek(out var first) && first + per <= now) starts.Dequeue();
        if (starts.Count + setAside < most) return false;
        if (starts.TryPeek(out var oldest)) OpensAt = oldest + per;
        return true;
    }
}

/// <summary>Which queues of this process have limits: they are worth a look though nothing waits in them.</summary>
internal sealed class QueueLimits
{
    private readonly ConcurrentDictionary<string, bool> limited = new(StringComparer.Ordinal);

    public bool Has(string queue) => limited.ContainsKey(queue);

    public void Set(string queue, bool isLimited)
    {
        if (isLimited) limited[queue] = true;
        else limited.TryRemove(queue, out _);
    }
}
