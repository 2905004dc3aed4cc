using System.Collections.Concurrent;

namespace OpenClaw.Broker.Queues;

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
