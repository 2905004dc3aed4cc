using OpenClaw.Broker.Store;
using OpenClaw.Broker.Streams;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Keeping;

/// <summary>
/// Drops what jobs wrote that ended long ago, and leaves a mark of it. As old jobs are, they are as old as both clocks say.
/// </summary>
internal sealed class OldChunks(IStore store, Clock clock, ILogger<OldChunks> log)
    : Chore(TimeSpan.FromMinutes(10), "what old jobs wrote is dropped", clock, log)
{
    /// <summary>So few jobs at once that nobody who waits for a write notices.</summary>
    private const int Batch = 20;

    private readonly Clock clock = clock;

    protected override async Task DoAsync(CancellationToken stop)
    {
        var age = (long)ChunkLimits.Age.TotalMilliseconds;
        if ((await store.ReadAsync(OldJobTable.Pace(clock.SteadyNow - age), stop)).FirstOrDefault() is not (> 0 and var last)) return;
        for (var after = 0L; !stop.IsCancellationRequested;)
        {
            var old = await store.ReadAsync(ChunkTable.Old(after, last, clock.Wall - age, Batch), stop);
            if (old.Count == 0) return;
            foreach (var seq in old) await DropAsync(seq);
            after = old[^1];
        }
    }

    private async Task DropAsync(long seq)
    {
        foreach (var attempt in await store.ReadAsync(ChunkTable.Attempts(seq)))
        {
            if (attempt.Pieces == 0) continue;
            var (first, last) = (await store.ReadAsync(ChunkTable.Ends(seq, attempt.Round, attempt.Attempt)))[0];
            var (from, count) = (first, attempt.Pieces);
            foreach (var earlier in await store.ReadAsync(ChunkTable.Dropped(seq, attempt.Round, attempt.Attempt)))
            {
                (from, count) = (earlier.From, count + earlier.Count);
            }
            await store.WriteAsync(new Commit([new ChunksDelete(seq, attempt.Round, attempt.Attempt, last),
                new DroppedChunk(seq, attempt.Round, attempt.Attempt, from, last, count, clock.Wall)], isEssential: true));
        }
    }
}
