using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Streams;

/// <summary>Knows of each attempt how far it has come and how much of it is kept. Calls no other grain.</summary>
internal sealed class StreamGrain(IJobStore jobs, IStore store, Clock clock) : Grain, IStreamGrain
{
    private const int MostTries = 5;

    /// <summary>Read of an attempt in a call that drops some of it.</summary>
    private const int MostDropped = 5000;

    /// <summary>By round and attempt, the oldest first; null until they are read.</summary>
    private SortedDictionary<(int Round, int Attempt), AttemptChunks>? attempts;

    public async Task<Appended> AppendAsync(string? token, IReadOnlyList<NewChunk> chunks)
    {
        for (var tries = 0; ; tries++)
        {
            if (await jobs.FindAsync(this.GetPrimaryKey()) is not { } job) return default;
            if (token is not null && token != job.LeaseToken || tries == MostTries) return new Appended(job, AppendRefusal.LeaseLost, 0, 0);
            if (clock.Wall - job.FinishedAt > ChunkLimits.Age.TotalMilliseconds) return new Appended(job, AppendRefusal.Pruned, 0, 0);
            attempts ??= await LoadAsync(job);
            // A job that was claimed since it was read refuses: whose attempt it is then is judged anew.
            if (await TryAppendAsync(job, chunks) is { } appended) return appended;
        }
    }

    private async Task<Appended?> TryAppendAsync(Job job, IReadOnlyList<NewChunk> chunks)
    {
        var here = Of(job);
        var next = here.LastN + 1;
        var added = new List<NewChunk>(chunks.Count);
        foreach (var chunk in chunks)
        {
            if (chunk.N > next) return new Appended(job, AppendRefusal.Gap, 0, here.LastN + 1);
            if (chunk.N < next) continue;
            added.Add(chunk);
            if (chunk.N is not null) next++;
        }
        if (added.Count == 0) return new Appended(job, AppendRefusal.None, await FindAsync(job, chunks[^1].N!.Value), next);
        var now = clock.Wall;
        var bytes = added.Sum(static c => (long)c.Bytes);
        List<ChunkInsert> inserts = [.. added.Select((chunk, i) => new ChunkInsert(chunk, job, isFenced: i == 0, now))];
        var dropped = await DropAsync(job, bytes, added.Count, now);
        var commit = new Commit([.. inserts, .. dropped.SelectMany(static d => d.Changes)], isEssential: false);
        if (await store.WriteAsync(commit) is not null) return null;
        foreach (var (at, gone, _) in dropped)
        {
            var before = attempts![at];
            attempts[at] = before with { Bytes = before.Bytes - gone.Sum(static c => c.Bytes), Pieces = before.Pieces - gone.Count };
        }
        here = Of(job);
        attempts![(job.Round, job.Attempt)] = here with { LastN = next - 1, Bytes = here.Bytes + bytes, Pieces = here.Pieces + added.Count };
        var last = ReferenceEquals(chunks[^1], added[^1]) ? inserts[^1].Id : await FindAsync(job, chunks[^1].N!.Value);
        return new Appended(job, AppendRefusal.None, last, next);
    }

    /// <summary>What has to go so that what comes is within the limits: of the oldest attempts first, of the present one last.</summary>
    private async Task<List<((int, int) Attempt, List<ChunkSize> Gone, List<Change> Changes)>> DropAsync(Job job, long bytes, int pieces, long now)
    {
        var all = new List<((int, int), List<ChunkSize>, List<Change>)>();
        var here = Of(job);
        var tooMany = Over(attempts!.Values.Sum(static a => a.Bytes) + bytes, ChunkLimits.Job);
        foreach (var (at, attempt) in attempts)
        {
            var isHere = at == (job.Round, job.Attempt);
            var (mostBytes, mostPieces) = (tooMany, 0L);
            if (isHere)
            {
                mostBytes = Math.Max(tooMany, Over(here.Bytes + bytes, ChunkLimits.Attempt));
                mostPieces = Over(here.Pieces + pieces, ChunkLimits.Pieces);
            }
            if (attempt.Pieces == 0 || mostBytes <= 0 && mostPieces <= 0) continue;
            var gone = new List<ChunkSize>();
            var sum = 0L;
            foreach (var chunk in await store.ReadAsync(ChunkTable.Oldest(job.Seq, attempt.Round, attempt.Attempt, MostDropped)))
            {
                if (sum >= mostBytes && gone.Count >= mostPieces) break;
                gone.Add(chunk);
                sum += chunk.Bytes;
            }
            if (gone.Count == 0) continue;
            tooMany -= sum;
            all.Add((at, gone, await ReplaceAsync(job.Seq, attempt, gone, now)));
        }
        return all;
    }

    private async Task<List<Change>> ReplaceAsync(long seq, AttemptChunks attempt, List<ChunkSize> gone, long now)
    {
        var (from, count) = (gone[0].Id, (long)gone.Count);
        foreach (var earlier in await store.ReadAsync(ChunkTable.Dropped(seq, attempt.Round, attempt.Attempt)))
        {
            (from, count) = (earlier.From, count + earlier.Count);
        }
        return
        [
            new ChunksDelete(seq, attempt.Round, attempt.Attempt, gone[^1].Id),
            new DroppedChunk(seq, attempt.Round, attempt.Attempt, from, gone[^1].Id, count, now),
        ];
    }

    /// <summary>How much has to go where there is too much: more than that, so that it is rare.</summary>
    private static long Over(long there, long limit) => there > limit ? there - limit + limit / ChunkLimits.Slab : 0;

    private AttemptChunks Of(Job job) => attempts!.GetValueOrDefault((job.Round, job.Attempt), new AttemptChunks(job.Round, job.Attempt, 0, 0, 0));

    private async Task<long> FindAsync(Job job, long n) => (await store.ReadAsync(ChunkTable.Find(job.Seq, job.Round, job.Attempt, n))).FirstOrDefault();

    private async Task<SortedDictionary<(int, int), AttemptChunks>> LoadAsync(Job job) =>
        new((await store.ReadAsync(ChunkTable.Attempts(job.Seq))).ToDictionary(static a => (a.Round, a.Attempt)));
}
