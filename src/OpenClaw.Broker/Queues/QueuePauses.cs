using System.Collections.Concurrent;
using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Queues;

/// <summary>Which queues of this process are paused, for those who only want to say so.</summary>
internal sealed class QueuePauses
{
    private readonly ConcurrentDictionary<string, Pause> pauses = new(StringComparer.Ordinal);

    public IEnumerable<KeyValuePair<string, Pause>> All =>
        pauses.Where(static p => p.Key != QueueNames.Broker).OrderBy(static p => p.Key, StringComparer.Ordinal);

    public bool Has(string queue) => pauses.ContainsKey(queue);

    public Pause? Of(string queue) => pauses.GetValueOrDefault(queue);

    /// <summary>The drain of the whole broker.</summary>
    public Pause? OfBroker => pauses.GetValueOrDefault(QueueNames.Broker);

    public void Set(string queue, Pause? pause)
    {
        if (pause is null) pauses.TryRemove(queue, out _);
        else pauses[queue] = pause;
    }
}
