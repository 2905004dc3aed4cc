using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Queues;

namespace OpenClaw.Broker.Tests.Simulation;

/// <summary>When a job may start: keys, parents, limits and times.</summary>
internal sealed class StartRules(World world, Settings settings)
{
    /// <summary>A moment that comes while the store is busy is written a second later.</summary>
    private const long LatestMs = 1100;

    private readonly HashSet<Guid> endedOnce = [];

    // Children that a person let go though a parent has failed.
    private readonly HashSet<Guid> freed = [];
    private readonly HashSet<(Guid, int)> startedOnce = [];
    private readonly Dictionary<Guid, (long At, int Jumps)> started = [];
    private readonly Dictionary<Guid, Expiry> expiries = [];
    private readonly List<Counted> counted = [];
    private SimulatedBroker? broker;
    private long limitedAt;
    private int jumps;

    public void Begin(SimulatedBroker started) => (broker, limitedAt) = (started, world.Now);

    public void Jumped() => jumps++;

    public void Limited() => limitedAt = world.Now;

    public void Appear(Job job) => Note(job);

    /// <summary>When it expires is counted on the clock that never jumps; over jumps of the other by its date.</summary>
    public void Observe(Job before, Job after)
    {
        if (before.ExpiresAt != after.ExpiresAt) Note(after);
    }

    public void End(Job before, Job job)
    {
        endedOnce.Add(job.Id);
        if (job.Outcome != Outcome.Expired) return;
        Expect(before.Attempt == 0, $"{Judge.Name(job.Id)}, which a worker has had, does not expire");
        if (expiries.TryGetValue(job.Id, out var expiry) && expiry.Jumps == jumps)
        {
            Expect(world.Now >= expiry.At, $"{Judge.Name(job.Id)} expires at {expiry.At} ms, not before");
        }
    }

    /// <summary>An attempt is ended since it took too long.</summary>
    public void TimeOut(Job job)
    {
        var (at, seen) = started[job.Id];
        if (seen == jumps) Expect(world.Now - at >= job.TimeoutMs, $"{Judge.Name(job.Id)}, which started at {at} ms, may take {job.TimeoutMs} ms");
    }

    public void BeginRound(Job job, Retried e)
    {
        expiries.Remove(job.Id);
        if (e.Parents.Count == 0) freed.Add(job.Id);
        else freed.Remove(job.Id);
    }

    /// <summary>At most one of a serial key runs, and at most one of a unique key is unfinished; of those of which the latest is kept one waits.</summary>
    public void CheckKeys(IEnumerable<Job> rows)
    {
        foreach (var same in rows.Where(static j => j is { SerialKey: not null, IsFinal: false }).GroupBy(static j => j.SerialKey))
        {
            Expect(same.Count(static j => j.State == JobState.Running) <= 1, $"one job of the serial key '{same.Key}' runs");
            Expect(same.Count(static j => j.IsReady) <= 1, $"one job of the serial key '{same.Key}' is ready");
        }
        foreach (var same in rows.Where(static j => j is { UniqueKey: not null, IsFinal: false }).GroupBy(static j => (j.Command, j.UniqueKey)))
        {
            // One that has lost its worker waits beside the latest, which came while it ran.
            var alike = same.First().UniqueKey == "latest" ? same.Count(j => j.IsWaiting && !startedOnce.Contains((j.Id, j.Round))) : same.Count();
            Expect(alike <= 1, $"one unfinished job has the unique key '{same.Key.UniqueKey}' of {same.Key.Command}");
        }
    }

    public void Start(Job before, Job job, IEnumerable<Job> rows)
    {
        var name = Judge.Name(job.Id);
        startedOnce.Add((job.Id, job.Round));
        started[job.Id] = (world.Now, jumps);
        Expect(before.Holds.Count == 0, $"{name} is held by nothing when it starts");
        if (job.SerialKey is { } key)
        {
            var older = rows.FirstOrDefault(j => j.SerialKey == key && j.Seq < job.Seq && !j.IsFinal);
            Expect(older is null, $"{name} of the serial key '{key}' starts after {(older is null ? "" : Judge.Name(older.Id))}, which was accepted before");
        }
        foreach (var parent in job.DependsOn)
        {
            if (freed.Contains(job.Id)) break;
            var isDone = rows.Any(j => j.Id == parent.Id && j.State == JobState.Done);
            var mayFail = parent.IfFailed is IfFailed.Run or IfFailed.Hold;
            Expect(isDone || mayFail && endedOnce.Contains(parent.Id),
                $"{name} starts after its parent {Judge.Name(parent.Id)}, by its policy {parent.IfFailed}");
        }
        if (before is { Attempt: 0 } && expiries.TryGetValue(job.Id, out var expiry) && expiry.Jumps == jumps)
        {
            Expect(world.Now <= expiry.At + LatestMs, $"{name}, which expired at {expiry.At} ms, does not start");
        }
        if (job is { RunAt: { } run, IsDelay: true } && jumps == 0) Expect(world.Machine.Wall >= run, $"{name} starts after its delay");
        CheckLimits(job, rows);
    }

    private void Note(Job job)
    {
        // Of a job from the wall clock's future the broker counts what is left anew with each of its moments.
        if (job.ExpiresAt is { } at && world.Machine.Wall >= job.CreatedAt) expiries[job.Id] = new Expiry(world.Now + at - world.Machine.Wall, jumps);
        else expiries.Remove(job.Id);
    }

    /// <summary>What the queue could not hear of in time it can't count: its offer had lapsed.</summary>
    private void CheckLimits(Job job, IEnumerable<Job> rows)
    {
        var isLate = broker!.Queue.IsUnheard(job.Id);
        counted.Add(new Counted(world.Now, job.Command, job.Requester, isLate));
        if (isLate || broker.Queue.OfferedAt(job.Id) is not { } offered || offered < limitedAt) return;
        foreach (var by in Enum.GetValues<LimitBy>())
        {
            var name = by switch { LimitBy.Command => job.Command, LimitBy.Requester => job.Requester, _ => null };
            if (by != LimitBy.Queue && name is null) continue;
            var limit = settings.Limits.FirstOrDefault(l => l.By == by && l.Value == name)
                ?? settings.Limits.FirstOrDefault(l => l.By == by && l.Value is null);
            if (limit is null) continue;
            var running = rows.Count(j => j.State == JobState.Running && IsOf(j.Command, j.Requester) && !broker.Queue.IsUnheard(j.Id));
            Expect(!(running > limit.MaxRunning), $"at most {limit.MaxRunning} jobs of {by} {name} run, not {running}");
            var started = counted.Count(s => s.At > Math.Max(world.Now - limit.PerMs, limitedAt) && IsOf(s.Command, s.Requester) && !s.IsLate);
            Expect(!world.KeepsNews || !(started > limit.Starts), $"at most {limit.Starts} jobs of {by} {name} start in {limit.PerMs} ms, not {started}");

            bool IsOf(string command, string? requester) => by switch { LimitBy.Command => command == name, LimitBy.Requester => requester == name, _ => true };
        }
    }

    private static void Expect(bool isSo, string what) => BrokenPromiseException.Unless(isSo, what);

    private sealed record Expiry(long At, int Jumps);

    private sealed record Counted(long At, string Command, string? Requester, bool IsLate);
}
