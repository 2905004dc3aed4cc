using System.Collections.Concurrent;
using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Queues;

/// <summary>
/// Long polls of this process, waiting for a job to claim. A ready job wakes the longest waiting one that may take it;
/// one that was woken and left without looking passes the wake on.
/// </summary>
internal sealed class ClaimWaiters
{
    private readonly ConcurrentDictionary<string, LinkedList<ClaimWaiter>> queues = new(StringComparer.Ordinal);

    /// <summary>Waits in each of the queues; dispose it whatever happens.</summary>
    public ClaimWaiter Join(IReadOnlyList<string> names, WorkerClass worker)
    {
        var waiter = new ClaimWaiter(this, worker);
        foreach (var name in names)
        {
            var list = queues.GetOrAdd(name, static _ => new LinkedList<ClaimWaiter>());
            lock (list) waiter.Places.Add((name, list, list.AddLast(waiter)));
        }
        return waiter;
    }

    /// <summary>Whether anybody waits for this queue.</summary>
    public bool HasAny(string queue)
    {
        if (!queues.TryGetValue(queue, out var list)) return false;
        lock (list) return list.Count > 0;
    }

    /// <summary>Wakes one waiter that may take a job of the lane.</summary>
    public void Wake(string queue, Lane lane)
    {
        if (!queues.TryGetValue(queue, out var list)) return;
        lock (list)
        {
            foreach (var waiter in list)
            {
                if (waiter.Worker.Takes(lane) && waiter.TryWake(queue, lane)) return;
            }
        }
    }

    /// <summary>Wakes all waiters that may take a job of the lane.</summary>
    public void WakeAll(string queue, Lane lane)
    {
        if (!queues.TryGetValue(queue, out var list)) return;
        lock (list)
        {
            foreach (var waiter in list)
            {
                if (waiter.Worker.Takes(lane)) waiter.TryWake(queue, lane);
            }
        }
    }

    /// <summary>Wakes all waiters, whatever they may take.</summary>
    public void WakeEverybody()
    {
        foreach (var (queue, list) in queues)
        {
            lock (list)
            {
                foreach (var waiter in list) waiter.TryWake(queue, default);
            }
        }
    }

    internal void Leave(ClaimWaiter waiter)
    {
        foreach (var (_, list, node) in waiter.Places)
        {
            lock (list) list.Remove(node);
        }
        if (waiter.TakeWake() is { } passOn) Wake(passOn.Queue, passOn.Lane);
    }
}

/// <summary>One long poll. Dispose it whatever happens.</summary>
internal sealed class ClaimWaiter(ClaimWaiters owner, WorkerClass worker) : IDisposable
{
    private readonly Lock gate = new();
    private TaskCompletionSource news = NewSource();
    private (string Queue, Lane Lane)? wokenBy;

    public WorkerClass Worker { get; } = worker;

    /// <summary>Where it stands in each of its queues.</summary>
    public List<(string Queue, LinkedList<ClaimWaiter> List, LinkedListNode<ClaimWaiter> Node)> Places { get; } = [];

    /// <summary>Completes when there is something to look at.</summary>
    public Task News => news.Task;

    /// <summary>To be called before each look: what comes after it wakes again.</summary>
    public void Reset()
    {
        lock (gate)
        {
            wokenBy = null;
            if (news.Task.IsCompleted) news = NewSource();
        }
    }

    public void Dispose() => owner.Leave(this);

    /// <summary>Wakes it for a lane's job; false where it is awake for another already.</summary>
    internal bool TryWake(string queue, Lane lane)
    {
        lock (gate)
        {
            if (wokenBy is not null) return false;
            wokenBy = (queue, lane);
            news.TrySetResult();
            return true;
        }
    }

    internal (string Queue, Lane Lane)? TakeWake()
    {
        lock (gate)
        {
            var taken = wokenBy;
            wokenBy = null;
            return taken;
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
