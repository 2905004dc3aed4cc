using System.Collections.Concurrent;

namespace OpenClaw.Broker.Jobs;

/// <summary>Makes ids for new jobs, and remembers until their first use that no row can have them yet.</summary>
internal sealed class NewJobIds
{
    private readonly ConcurrentDictionary<Guid, byte> unused = new();

    /// <summary>An id that grows with time, so that new rows lie side by side in the index.</summary>
    public Guid Next()
    {
        var id = Guid.CreateVersion7();
        unused[id] = 0;
        return id;
    }

    /// <summary>Whether the id was never asked for; true once.</summary>
    public bool TryUse(Guid id) => unused.TryRemove(id, out _);
}
