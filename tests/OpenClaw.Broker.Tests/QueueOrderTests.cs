using CsCheck;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Queues;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Tests;

/// <summary>Who is next, against a list that is sorted anew for each claim.</summary>
public sealed class QueueOrderTests
{
    private static readonly Caps[] Needs = [Caps.Any, Caps.Of(["gpu"]), Caps.Of(["gpu", "big"])];
    private static readonly string[] Commands = ["make", "ping", "test"];
    private static readonly string?[] Requesters = [null, "anna", "bert", "cleo"];

    private static readonly WorkerClass[] Workers =
    [
        .. from caps in Needs
           from commands in (CommandSet[])[CommandSet.All, CommandSet.Only(["ping"]), CommandSet.AllBut(["ping", "make"])]
           select new WorkerClass(caps, commands),
    ];

    private static readonly Gen<(int Kind, int A, int B, int C)[]> Moves =
        Gen.Select(Gen.Int[0, 11], Gen.Int[0, 1000], Gen.Int[0, 1000], Gen.Int[0, 1000], static (kind, a, b, c) => (kind, a, b, c)).Array[0, 150];

    [Fact]
    public void ClaimGetsTheFirstOfASortedList() => Moves.Sample(static moves =>
    {
        var queue = new Table(capacity: 12, mostFlows: 1000);
        foreach (var (kind, a, b, c) in moves)
        {
            switch (kind)
            {
                case 0 or 1 or 2 or 3:
                    queue.Create(Needs[a % 3], Commands[b % 3], Requesters[c % 4], priority: 1 + a % 5);
                    break;
                case 4 or 5 or 6:
                    var worker = Workers[a % Workers.Length];
                    var expected = queue.Expected(worker);
                    Assert.Equal(expected?.Id, queue.Claim(worker)?.Id);
                    break;
                case 7:
                    queue.Finish(a);
                    break;
                case 8:
                    queue.GiveBack(a);
                    break;
                case 9:
                    queue.Limit(a % 3 == 0 ? [] : [.. Limits(b, c)]);
                    break;
                case 10:
                    queue.Index.Window.DropEmpty(new SteadyTime(queue.Now));
                    break;
                default:
                    queue.Now += a * 1000;
                    break;
            }
        }
    }, iter: 3000);

    /// <summary>Of more flows than there is room for, none is forgotten and none waits for ever.</summary>
    [Fact]
    public void WhatHasNoRoomHasItsTurnToo() => Gen.Select(Gen.Int[1, 60], Gen.Int[1, 30], Gen.Int[0, 1000]).Sample(static (requesters, each, seed) =>
    {
        var queue = new Table(capacity: 16, mostFlows: 8);
        var random = new Random(seed);
        for (var n = 0; n < requesters * each; n++)
        {
            queue.Create(Caps.Any, Commands[random.Next(3)], $"r{random.Next(requesters)}", priority: 3);
            queue.Now += 1000;
            if (random.Next(4) == 0 && queue.Claim(Workers[random.Next(3)]) is not null) queue.Finish(0);
        }
        Assert.True(queue.Index.Window.FlowCount <= 8);
        while (queue.Ready.Count > 0)
        {
            queue.Now += 1000;
            Assert.NotNull(queue.Claim(Workers[0]));
            queue.Finish(0);
        }
        Assert.Null(queue.Claim(Workers[0]));
    }, iter: 200);

    [Fact]
    public void FloodOfOneRequesterLetsAnotherWaitForOneStart()
    {
        var queue = new Table(capacity: 100, mostFlows: 1000, stepMs: 0);
        for (var n = 0; n < 10_000; n++) queue.Create(Caps.Any, "ping", "anna", priority: 3);
        Assert.Equal("anna", queue.Claim(Workers[0])!.Requester);
        queue.Create(Caps.Any, "make", "bert", priority: 3);
        Assert.Equal("bert", queue.Claim(Workers[0])!.Requester);
        Assert.Equal("anna", queue.Claim(Workers[0])!.Requester);
        queue.Create(Caps.Any, "ping", "bert", priority: 2);
        queue.Create(Caps.Any, "ping", "bert", priority: 2);
        Assert.Equal(["bert", "bert", "anna"], Enumerable.Range(0, 3).Select(_ => queue.Claim(Workers[0])!.Requester));
    }

    /// <summary>An hour of one requester's jobs keeps another waiting no longer than it takes to become as urgent as anything can be.</summary>
    [Fact]
    public void OldFloodDoesNotKeepOthersWaiting()
    {
        var queue = new Table(capacity: 100, mostFlows: 1000, stepMs: 72);
        for (var n = 0; n < 1000; n++) queue.Create(Caps.Any, "ping", "anna", priority: 3);
        queue.Create(Caps.Any, "ping", "bert", priority: 3);
        Assert.Equal("anna", queue.Claim(Workers[0])!.Requester);
        queue.Accepted += 2 * Rank.PriorityStepMs;
        Assert.Equal("bert", queue.Claim(Workers[0])!.Requester);
    }

    private static IEnumerable<QueueLimit> Limits(int b, int c)
    {
        if (b % 2 == 0) yield return new QueueLimit(LimitBy.Command, Commands[b % 3], c % 3, null, 0);
        if (b % 5 == 0) yield return new QueueLimit(LimitBy.Command, null, 2, c % 2 == 0 ? 3 : null, 60_000);
        if (c % 2 == 0) yield return new QueueLimit(LimitBy.Requester, null, c % 4, null, 0);
        if (c % 5 == 0) yield return new QueueLimit(LimitBy.Requester, "anna", null, 1 + b % 3, 30_000);
        if (c % 7 == 0) yield return new QueueLimit(LimitBy.Queue, null, 1 + b % 6, null, 0);
    }

    /// <summary>A table of jobs, and the index that follows it as a queue's does.</summary>
    /// <param name="stepMs">How much later each job is accepted than the one before, at most a hundred times as much.</param>
    private sealed class Table(int capacity, int mostFlows, long stepMs = 10_000)
    {
        private readonly List<(Job Job, long At)> started = [];
        private readonly Dictionary<string, long> tags = [];
        private long turns;
        private long seq;

        public QueueIndex Index { get; } = new(capacity, mostFlows);

        public List<Job> Ready { get; } = [];

        public List<Job> Running { get; } = [];

        public long Now { get; set; }

        public long Accepted { get; set; } = 1_000_000_000;

        private IReadOnlyList<QueueLimit> Rules => Index.Shares.Limits;

        public void Create(Caps caps, string command, string? requester, int priority)
        {
            Accepted += stepMs * (seq % 100);
            var job = new Job
            {
                Id = Guid.NewGuid(), Command = command, Caps = caps, Requester = requester, Version = 1, Seq = ++seq,
                RankAt = Rank.Of(Accepted, priority, seq).At,
            };
            Ready.Add(job);
            Index.Observe(News(job), new SteadyTime(Now));
        }

        public Job? Claim(WorkerClass worker)
        {
            while (true)
            {
                Settle();
                if (Index.SetAside(worker, new SteadyTime(Now), Accepted, new SteadyTime(long.MaxValue)) is { } id)
                {
                    var job = Ready.Single(j => j.Id == id);
                    Ready.Remove(job);
                    Charge(job);
                    Running.Add(job with { State = JobState.Running, Version = job.Version + 1 });
                    started.Add((job, Now));
                    Index.Observe(News(Running[^1]), new SteadyTime(Now));
                    return job;
                }
                if (!Index.Window.NeedsFlows(worker, out var after)) return null;
                Index.BeginRead();
                var flows = Ready.Select(static j => new Flow(j.Lane, j.Requester)).Distinct().Where(f => worker.Takes(f.Lane))
                    .OrderBy(Text, StringComparer.Ordinal).Where(f => after is null || string.CompareOrdinal(Text(f), Text(after.Value)) > 0).ToList();
                var page = flows.Take(4).Select(f => new FlowRows(f, Rows(f, 2), Rows(f, 2).Count < 2)).ToList();
                Index.EndFlows(worker, new FlowPage(page, flows.Count > 4 ? flows[3] : null));
            }
        }

        /// <summary>The first of all that the worker may take and that no limit keeps back.</summary>
        public Job? Expected(WorkerClass worker) => IsClosed(LimitBy.Queue, null) ? null : Ready
            .Where(j => worker.Takes(j.Lane) && !IsClosed(LimitBy.Command, j.Command) && !IsClosed(LimitBy.Requester, j.Requester))
            .OrderBy(j => Math.Max(j.RankAt / Rank.PriorityStepMs, (Accepted - 2 * Rank.PriorityStepMs) / Rank.PriorityStepMs))
            .ThenBy(j => Math.Max(turns, tags.GetValueOrDefault(j.Requester ?? ""))).ThenBy(static j => j.Rank).FirstOrDefault();

        public void Finish(int which) => Leave(which, static (_, job) => job with { State = JobState.Done });

        public void GiveBack(int which) => Leave(which, static (table, job) =>
        {
            table.Ready.Add(job with { State = JobState.Queued });
            return table.Ready[^1];
        });

        public void Limit(IReadOnlyList<QueueLimit> limits)
        {
            foreach (var share in Index.Shares.Take(limits))
            {
                Index.Window.Reopen(share, new SteadyTime(Now));
            }
            foreach (var (job, at) in started) Index.Shares.Start(new Flow(job.Lane, job.Requester), new SteadyTime(at));
        }

        private static string Text(Flow flow) => $"{flow.Lane.Caps.Text}\n{flow.Lane.Command}\n{flow.Requester}";

        private static JobNews News(Job job) => JobNews.Of(job, new SteadyTime(0), leaseMs: 1_000_000_000);

        private void Settle()
        {
            foreach (var share in Index.Shares.TakeOpened(new SteadyTime(Now))) Index.Window.Reopen(share, new SteadyTime(Now));
            while (Index.Window.FlowToRefill(new SteadyTime(Now)) is { } flow)
            {
                Index.BeginRefill(flow);
                var rows = Rows(flow.Key, Index.Window.FlowQuota + flow.Known);
                Index.EndRefill(flow, rows, rows.Count < Index.Window.FlowQuota + flow.Known);
            }
        }

        private List<ReadyRow> Rows(Flow flow, int limit) =>
        [
            .. Ready.Where(j => new Flow(j.Lane, j.Requester) == flow).OrderBy(static j => j.Rank).Take(limit)
                .Select(static j => new ReadyRow(j.Id, j.Rank, j.Version)),
        ];

        private void Leave(int which, Func<Table, Job, Job> next)
        {
            if (Running.Count == 0) return;
            var job = Running[which % Running.Count];
            Running.Remove(job);
            Index.Observe(News(next(this, job with { Version = job.Version + 1 })), new SteadyTime(Now));
        }

        private void Charge(Job job)
        {
            turns = Math.Max(turns, tags.GetValueOrDefault(job.Requester ?? ""));
            tags[job.Requester ?? ""] = turns + 1;
        }

        private bool IsClosed(LimitBy by, string? name)
        {
            var rule = Rules.FirstOrDefault(r => r.By == by && (by == LimitBy.Queue || name is not null && r.Value == name))
                ?? Rules.FirstOrDefault(r => r.By == by && r.Value is null && name is not null);
            return rule is not null && (Running.Count(j => Fits(j)) >= rule.MaxRunning
                || started.Count(s => Fits(s.Job) && s.At + rule.PerMs > Now) >= rule.Starts);

            bool Fits(Job job) => by switch { LimitBy.Queue => true, LimitBy.Command => job.Command == name, _ => job.Requester == name };
        }
    }
}
