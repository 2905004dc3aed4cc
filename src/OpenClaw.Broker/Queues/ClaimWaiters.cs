using System.Collections.Concurrent;
using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Queues;

/// <summary>
/// Long polls of this process, waiting for a job to claim. A ready job wakes the longest waiting one that may take it;
/// one that was woken and left without looking passes the wake on.
/// </summary>
internal sealed class ClaimWaiters
{
    private readonly ConcurrentDictionary<string, LinkedList<ClaimWaiter>> queues = new();

    public ClaimWaiter Join(string queue, string caps)
    {
        var list = queues.GetOrAdd(queue, static _ => new LinkedList<ClaimWaiter>());
        lock (list)
        {
            var waiter = new ClaimWaiter(this, queue, Lane.Names(caps).ToHashSet(StringComparer.Ordinal));
            list.AddLast(waiter.Node);
            return waiter;
        }
    }

    /// <summary>Wakes one waiter for each lane named.</summary>
    public void Wake(string queue, string lane)
    {
        if (!queues.TryGetValue(queue, out var list)) return;
        lock (list)
        {
            if (list.Count == 0) return;
            var names = Lane.Names(lane);
            foreach (var waiter in list)
            {
                if (!waiter.IsWoken && names.All(waiter.Caps.Contains))
                {
                    waiter.Wake(lane);
                    return;
                }
            }
        }
    }

    internal void Leave(ClaimWaiter waiter)
    {
        var list = queues[waiter.Queue];
        string? passOn;
        lock (list)
        {
            list.Remove(waiter.Node);
            passOn = waiter.WokenBy;
        }
        if (passOn is not null) Wake(waiter.Queue, passOn);
    }
}

/// <summary>One long poll. Dispose it whatever happens.</summary>
internal sealed class ClaimWaiter : IDisposable
{
    private readonly ClaimWaiters owner;
    private TaskCompletionSource news = NewSource();

    public ClaimWaiter(ClaimWaiters owner, string queue, HashSet<string> caps)
    {
        (this.owner, Queue, Caps) = (owner, queue, caps);
        Node = new LinkedListNode<ClaimWaiter>(this);
    }

    public string Queue { get; }

    public HashSet<string> Caps { get; }

    public LinkedListNode<ClaimWaiter> Node { get; }

    /// <summary>The lane whose job woke it, until <see cref="Reset"/>.</summary>
    public string? WokenBy { get; private set; }

    public bool IsWoken => WokenBy is not null;

    /// <summary>Completes when there is something to look at.</summary>
    public Task News => news.Task;

    /// <summary>To be called before each look: what comes after it wakes again.</summary>
    public void Reset()
    {
        lock (Node.List!)
        {
            WokenBy = null;
            if (news.Task.IsCompleted) news = NewSource();
        }
    }

    public void Dispose() => owner.Leave(this);

    internal void Wake(string lane)
    {
        WokenBy = lane;
        news.TrySetResult();
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
