using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Queues;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Tests;

public sealed class QueueIndexTests
{
    private static readonly Caps Gpu = Caps.Of(["gpu"]);
    private static readonly Lane Ping = new(Caps.Any, "ping");
    private const long LeaseMs = 60_000;
    private long seq;

    [Fact]
    public void OldestOfTheLanesAWorkerSatisfiesComesFirst()
    {
        var index = new QueueIndex(1000);
        var gpu = Observe(index, NewJob(Gpu));
        var plain = Observe(index, NewJob());
        var both = Observe(index, NewJob(Caps.Of(["gpu", "big"])));
        Assert.Equal(plain.Id, Take(index, Caps.Any, new SteadyTime(10)));
        Assert.Null(Take(index, Caps.Any, new SteadyTime(10)));
        Assert.Equal(gpu.Id, Take(index, Gpu, new SteadyTime(10)));
        Assert.Null(Take(index, Gpu, new SteadyTime(10)));
        Assert.Equal(both.Id, Take(index, Caps.Of(["big", "gpu", "more"]), new SteadyTime(10)));
    }

    [Fact]
    public void JobThatWasSetAsideAndNotClaimedGoesBackToItsPlace()
    {
        var index = new QueueIndex(1000);
        var first = Observe(index, NewJob());
        Observe(index, NewJob());
        Assert.Equal(first.Id, Take(index, Caps.Any, new SteadyTime(10)));
        Assert.Empty(index.TakeOverdue(new SteadyTime(9), out var lanes));
        Assert.Empty(lanes);
        Assert.Empty(index.TakeOverdue(new SteadyTime(10), out lanes));
        Assert.Equal([Ping], lanes);
        Assert.Equal(first.Id, Take(index, Caps.Any, new SteadyTime(20)));
    }

    [Fact]
    public void JobThatCouldNotBeClaimedIsReturnedAtOnce()
    {
        var index = new QueueIndex(1000);
        var first = Observe(index, NewJob());
        Observe(index, NewJob());
        Take(index, Caps.Any, new SteadyTime(10));
        Assert.Equal(Ping, index.Return(first.Id));
        Assert.Null(index.Return(first.Id));
        Assert.Equal(first.Id, Take(index, Caps.Any, new SteadyTime(10)));
    }

    [Fact]
    public void OlderNewsIsIgnored()
    {
        var index = new QueueIndex(1000);
        var job = NewJob();
        Observe(index, job with { Version = 3 });
        Observe(index, job with { Version = 2, State = JobState.Running });
        Assert.Equal((1, 0), (index.Window.Count, index.Leased));
        Observe(index, job with { Version = 4, State = JobState.Done });
        Assert.Equal((0, 0, (long?)null), (index.Window.Count, index.Leased, index.NextDeadline?.Milliseconds));
    }

    [Fact]
    public void HeartbeatMovesTheLeasesEnd()
    {
        var index = new QueueIndex(1000);
        var job = NewJob() with { State = JobState.Running, Version = 2 };
        index.Observe(News(job), now: new SteadyTime(0));
        index.Observe(News(job with { Version = 3 }), now: new SteadyTime(40));
        Assert.Equal(40 + LeaseMs, index.NextDeadline?.Milliseconds);
        Assert.Empty(index.TakeOverdue(new SteadyTime(39 + LeaseMs), out _));
        Assert.Equal(job.Id, Assert.Single(index.TakeOverdue(new SteadyTime(40 + LeaseMs), out _)).Id);
    }

    [Fact]
    public void RequestToCancelLeavesTheLeaseAsItIs()
    {
        var index = new QueueIndex(1000);
        var job = NewJob() with { State = JobState.Running, Version = 2 };
        index.Observe(News(job), now: new SteadyTime(0));
        index.Observe(News(job with { Version = 3, CancelRequested = true }), now: new SteadyTime(40));
        var overdue = Assert.Single(index.TakeOverdue(new SteadyTime(LeaseMs), out _));
        Assert.Equal((job.Id, 3), (overdue.Id, overdue.Version));
    }

    [Fact]
    public void RequestToCancelThatOvertookTheClaimLeavesAWholeLease()
    {
        var index = new QueueIndex(1000);
        var job = Observe(index, NewJob());
        Take(index, Caps.Any, new SteadyTime(1000));
        var running = job with { State = JobState.Running, Version = 3, CancelRequested = true };
        index.Observe(News(running), now: new SteadyTime(40));
        index.Observe(News(running with { Version = 2 }), now: new SteadyTime(41));
        Assert.Empty(index.TakeOverdue(new SteadyTime(39 + LeaseMs), out _));
        Assert.Equal(3, Assert.Single(index.TakeOverdue(new SteadyTime(40 + LeaseMs), out _)).Version);
    }

    /// <summary>The heartbeat's own news come too late to count.</summary>
    [Fact]
    public void RequestToCancelThatOvertookAHeartbeatLeavesAWholeLease()
    {
        var index = new QueueIndex(1000);
        var job = NewJob() with { State = JobState.Running, Version = 2 };
        index.Observe(News(job), now: new SteadyTime(0));
        index.Observe(News(job with { Version = 4, CancelRequested = true }), now: new SteadyTime(40));
        index.Observe(News(job with { Version = 3 }), now: new SteadyTime(41));
        Assert.Equal(40 + LeaseMs, index.NextDeadline?.Milliseconds);
    }

    [Fact]
    public void HeartbeatOfACancelledJobMovesTheLeasesEnd()
    {
        var index = new QueueIndex(1000);
        var job = NewJob() with { State = JobState.Running, Version = 2, CancelRequested = true };
        index.Observe(News(job), now: new SteadyTime(0));
        index.Observe(News(job with { Version = 3 }), now: new SteadyTime(40));
        Assert.Equal(40 + LeaseMs, index.NextDeadline?.Milliseconds);
    }

    [Fact]
    public void NewsThatWaitedCountTheirWaitOffTheLease()
    {
        var index = new QueueIndex(1000);
        index.Observe(News(NewJob() with { State = JobState.Running }), now: new SteadyTime(1000), waitedMs: 200);
        Assert.Equal(800 + LeaseMs, index.NextDeadline?.Milliseconds);
    }

    [Fact]
    public void LeaseThatCouldNotBeEndedIsTriedAgainUnlessItsJobHasMovedOn()
    {
        var index = new QueueIndex(1000);
        var job = NewJob() with { State = JobState.Running };
        index.Observe(News(job), now: new SteadyTime(0));
        var overdue = Assert.Single(index.TakeOverdue(new SteadyTime(LeaseMs), out _));
        Assert.Null(index.NextDeadline?.Milliseconds);
        index.Postpone(overdue, new SteadyTime(LeaseMs + 1000));
        Assert.Same(overdue, Assert.Single(index.TakeOverdue(new SteadyTime(LeaseMs + 1000), out _)));
        index.Observe(News(job with { Version = 2 }), now: new SteadyTime(LeaseMs + 1000));
        Assert.False(index.IsCurrent(overdue));
        index.Postpone(overdue, new SteadyTime(LeaseMs + 2000));
        Assert.Equal(2 * LeaseMs + 1000, index.NextDeadline?.Milliseconds);
    }

    [Fact]
    public void DeadlinesThatHeartbeatsOvertookAreForgotten()
    {
        var index = new QueueIndex(1000);
        var job = NewJob() with { State = JobState.Running };
        for (var beat = 1; beat <= 10_000; beat++) index.Observe(News(job with { Version = beat }), now: new SteadyTime(beat));
        Assert.Equal(10_000 + LeaseMs, index.NextDeadline?.Milliseconds);
        Assert.InRange(index.Deadlines, 1, 2000);
        Assert.Equal(job.Id, Assert.Single(index.TakeOverdue(new SteadyTime(10_000 + LeaseMs), out _)).Id);
    }

    [Fact]
    public void RankOrdersBeforeTheOrderOfAcceptance()
    {
        var index = new QueueIndex(1000);
        var early = Observe(index, NewJob() with { RankAt = 900 });
        var urgent = Observe(index, NewJob() with { RankAt = 100 });
        var sameRank = Observe(index, NewJob() with { RankAt = 900 });
        foreach (var job in (Job[])[urgent, early, sameRank]) Assert.Equal(job.Id, Take(index, Caps.Any, new SteadyTime(10)));
    }

    [Fact]
    public void WindowKeepsTheOldestAndRefillsReadTheRestOnce()
    {
        const int Window = 100;
        const int All = 1000;
        var index = new QueueIndex(Window);
        var table = Enumerable.Range(0, All).Select(_ => NewJob()).ToList();
        foreach (var job in table) Observe(index, job);
        Assert.Equal(Window, index.Window.Count);
        var taken = new List<Guid>();
        while (taken.Count < All)
        {
            if (index.Window.FlowToRefill(new SteadyTime(0)) is { } flow)
            {
                index.BeginRefill(flow);
                var limit = index.Window.FlowQuota + flow.Known;
                var rows = table.Where(j => !taken.Contains(j.Id)).Take(limit).Select(j => new ReadyRow(j.Id, j.Rank, j.Version)).ToList();
                index.EndRefill(flow, rows, complete: rows.Count < limit);
            }
            var id = Take(index, Caps.Any, new SteadyTime(long.MaxValue));
            Assert.NotNull(id);
            taken.Add(id.Value);
            var claimed = table.Single(j => j.Id == id);
            Observe(index, claimed with { Version = 2, State = JobState.Done });
        }
        Assert.Equal(table.Select(j => j.Id), taken);
        Assert.Null(Take(index, Caps.Any, new SteadyTime(1)));
    }

    [Fact]
    public void RefillDoesNotBringBackWhatEndedWhileItRead()
    {
        var index = new QueueIndex(64);
        var jobs = Enumerable.Range(0, 100).Select(_ => NewJob()).ToList();
        foreach (var job in jobs) Observe(index, job);
        var flow = index.Window.FlowOf(new Flow(Ping, null))!;
        index.BeginRefill(flow);
        var rows = jobs.Select(j => new ReadyRow(j.Id, j.Rank, j.Version)).ToList();
        Observe(index, jobs[0] with { Version = 5, State = JobState.Done });
        Observe(index, jobs[80] with { Version = 5, State = JobState.Cancelled });
        var late = Observe(index, NewJob());
        index.EndRefill(flow, rows, complete: true);
        Assert.Equal(98, index.Window.Count);
        Assert.True(flow.More, "a job was left out while the refill read: there is more");
        Assert.True(late.Rank > flow.End);
    }

    /// <summary>The table gives a whole lease, since it does not say when it began; news that come later, and only they, know.</summary>
    [Fact]
    public void NewsThatComeAfterTheTableSayWhenTheLeaseBegan()
    {
        var index = new QueueIndex(64);
        var running = NewJob() with { Version = 2, State = JobState.Running };
        Assert.False(index.ObserveRow(News(running), new SteadyTime(60_000)));
        Assert.Equal(new SteadyTime(60_000) + LeaseMs, index.NextDeadline);
        index.Observe(News(running), new SteadyTime(60_000), waitedMs: 50_000);
        Assert.Equal(new SteadyTime(10_000) + LeaseMs, index.NextDeadline);
        Assert.Equal(1, index.Leased);
        index.Observe(News(running), new SteadyTime(60_000), waitedMs: 55_000); // known by now: told twice
        Assert.Equal(new SteadyTime(10_000) + LeaseMs, index.NextDeadline);
    }

    [Fact]
    public void RowReadBeforeItsJobEndedIsNotFoundAgain()
    {
        var index = new QueueIndex(64);
        var job = Observe(index, NewJob());
        index.BeginRead();
        Observe(index, job with { Version = 3, State = JobState.Done });
        Assert.False(index.ObserveRow(News(job), new SteadyTime(0)));
        Assert.True(index.ObserveRow(News(NewJob()), new SteadyTime(0)));
        index.EndRead();
        Assert.Equal(1, index.Window.Count);
    }

    [Fact]
    public void JobsThatNobodyCanTakeDelayNobody()
    {
        var index = new QueueIndex(100);
        for (var n = 0; n < 1000; n++) Observe(index, NewJob(Gpu));
        var plain = Observe(index, NewJob());
        Assert.Equal(plain.Id, Take(index, Caps.Any, new SteadyTime(1)));
    }

    [Fact]
    public void RequeuedJobIsKnownAgainAtItsOldPlace()
    {
        var index = new QueueIndex(64);
        var jobs = Enumerable.Range(0, 100).Select(_ => Observe(index, NewJob())).ToList();
        var first = Take(index, Caps.Any, new SteadyTime(10));
        Observe(index, jobs[0] with { Version = 2, State = JobState.Running });
        Observe(index, jobs[0] with { Version = 3 });
        Assert.Equal(first, Take(index, Caps.Any, new SteadyTime(10)));
    }

    private Job NewJob(Caps lane = default) => new() { Id = Guid.NewGuid(), Command = "ping", Seq = ++seq, Version = 1, Caps = lane };

    private static Guid? Take(QueueIndex index, Caps caps, SteadyTime until) =>
        index.SetAside(new WorkerClass(caps, CommandSet.All), new SteadyTime(0), wall: 0, until);

    private static JobNews News(Job job) => JobNews.Of(job, new SteadyTime(0), LeaseMs);

    private static Job Observe(QueueIndex index, Job job)
    {
        index.Observe(News(job), now: new SteadyTime(0));
        return job;
    }
}
