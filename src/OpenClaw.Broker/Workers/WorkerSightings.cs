using System.Collections.Concurrent;
using OpenClaw.Broker.Queues;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Workers;

/// <summary>
/// Who has asked for jobs since this process began. It is memory alone: after a restart workers show themselves within a minute,
/// and one that does not is not there.
/// </summary>
internal sealed class WorkerSightings(Clock clock, WorkerBook book) : IClaimSink
{
    /// <summary>Of more, those that were not seen for longest are forgotten.</summary>
    private const int Most = 10_000;

    private readonly ConcurrentDictionary<string, Worker> workers = new(StringComparer.Ordinal);

    public ICollection<Worker> All => workers.Values;

    public void Asked(string id, WorkerClass worker, IReadOnlyList<string> queues)
    {
        var now = clock.Wall;
        if (workers.TryGetValue(id, out var known) && now - known.SeenAt is >= 0 and < 1000
            && known.Class == worker && known.Queues.SequenceEqual(queues, StringComparer.Ordinal)) return;
        workers[id] = new Worker(id, now, worker, queues);
        if (workers.Count > Most) Forget();
    }

    public CommandSet Unnamed(string? worker) => book.Unnamed(worker);

    public bool IsDrained(string worker) => book.DrainOf(worker) is not null;

    private void Forget()
    {
        foreach (var old in workers.Values.OrderBy(static w => w.SeenAt).Take(Most / 10)) workers.TryRemove(old.Id, out _);
    }
}
