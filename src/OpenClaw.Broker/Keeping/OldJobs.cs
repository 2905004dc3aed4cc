using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Keeping;

/// <summary>
/// Drops ended jobs that are older than they are kept, or more than are kept. A job is as old as both clocks say: by the date of
/// its end, and by how long the broker has run since it accepted the job's number. So a wall clock that is wrong drops nothing.
/// From a file that was the Python broker's nothing is dropped before somebody has said for how long jobs are kept.
/// </summary>
internal sealed partial class OldJobs(IStore store, IJobStore jobs, Clock clock, BrokerOptions options, ILogger<OldJobs> log)
    : Chore(TimeSpan.FromHours(1), "old jobs are dropped", clock, log)
{
    /// <summary>So few at once that nobody who waits for a write notices.</summary>
    private const int Batch = 50;

    /// <summary>About a gigabyte; what is left goes the next time.</summary>
    private const int MostReturns = 1000;

    private readonly Clock clock = clock;

    protected override async Task DoAsync(CancellationToken stop)
    {
        await store.WriteAsync(new Commit([new PaceInsert(clock.SteadyNow)], isEssential: true));
        var keep = await RetentionAsync();
        var dropped = keep is null ? 0 : await DropOldAsync(keep, stop) + await DropManyAsync(keep, stop);
        if (dropped > 0) LogDropped(dropped);
        var (done, failed, cancelled, _) = keep ?? Retention.Default;
        await store.WriteAsync(new Commit([new PaceDelete(Ago(Math.Max(done, Math.Max(failed, cancelled))))], isEssential: true));
        if (dropped == 0) return;
        await store.WriteAsync(new Commit([new BatchesDelete()], isEssential: true));
        await ReturnSpaceAsync(stop);
    }

    private async Task ReturnSpaceAsync(CancellationToken stop)
    {
        for (var n = 0; n < MostReturns && !stop.IsCancellationRequested && (await store.ReadAsync(OldJobTable.HasSpace, stop)).Count > 0; n++)
        {
            await store.WriteAsync(new Commit([new SpaceReturn()], isEssential: true));
        }
    }

    private async Task<Retention?> RetentionAsync()
    {
        if (options.Keep is not null) return options.Keep;
        var isFromPython = File.Exists(options.DatabasePath + ".seed-backup") || (await store.ReadAsync(OldJobTable.IsFromPython)).Count > 0;
        return isFromPython ? null : Retention.Default;
    }

    private async Task<long> DropOldAsync(Retention keep, CancellationToken stop)
    {
        var dropped = 0L;
        foreach (var (state, days) in new[] { (JobState.Done, keep.DoneDays), (JobState.Failed, keep.FailedDays), (JobState.Cancelled, keep.CancelledDays) })
        {
            if (days == 0 || (await store.ReadAsync(OldJobTable.Pace(Ago(days)), stop)).FirstOrDefault() is not (> 0 and var last)) continue;
            var before = clock.Wall - (long)TimeSpan.FromDays(days).TotalMilliseconds;
            for (var after = 0L; after < last && !stop.IsCancellationRequested;)
            {
                var edge = Math.Min(last, after + OldJobTable.Slice);
                var old = await store.ReadAsync(OldJobTable.Ended(after, edge, state, before, clock.SteadyNow), stop);
                dropped += await DropAsync(old, stop);
                after = edge;
            }
        }
        return dropped;
    }

    /// <summary>The oldest of those that are more than are kept.</summary>
    private async Task<long> DropManyAsync(Retention keep, CancellationToken stop)
    {
        if (keep.MostJobs == 0) return 0;
        var ended = (await jobs.ReadCountsAsync()).Where(static c => c.State is JobState.Done or JobState.Failed or JobState.Cancelled
            && c.Queue != QueueNames.Hooks).Sum(static c => c.Jobs);
        var dropped = 0L;
        for (var after = 0L; ended - dropped > keep.MostJobs && !stop.IsCancellationRequested;)
        {
            var some = await store.ReadAsync(OldJobTable.Oldest(after, clock.SteadyNow), stop);
            if (some.Count == 0) break;
            after = some[^1].Seq;
            dropped += await DropAsync(some.Take((int)Math.Min(some.Count, ended - dropped - keep.MostJobs)), stop);
        }
        return dropped;
    }

    private async Task<int> DropAsync(IEnumerable<Job> old, CancellationToken stop)
    {
        var dropped = 0;
        foreach (var some in old.Chunk(Batch))
        {
            if (stop.IsCancellationRequested) break;
            dropped += (await Task.WhenAll(some.Select(DropAsync))).Count(static isGone => isGone);
        }
        return dropped;
    }

    /// <summary>An ended job has nobody in memory that would have to know; one that somebody retries meanwhile stays.</summary>
    private async Task<bool> DropAsync(Job job)
    {
        try
        {
            await jobs.DeleteAsync(job, clock.Wall);
            return true;
        }
        catch (Exception e) when (e is StaleVersionException or JobNeededException)
        {
            return false;
        }
    }

    private SteadyTime Ago(int days) => clock.SteadyNow - (long)TimeSpan.FromDays(days).TotalMilliseconds;

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} ended jobs were older, or more, than are kept, and are gone")]
    private partial void LogDropped(long count);
}
