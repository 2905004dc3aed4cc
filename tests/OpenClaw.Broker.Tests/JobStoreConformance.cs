using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Tests;

/// <summary>What every store of jobs promises; a class per store runs it.</summary>
public abstract class JobStoreConformance
{
    private protected abstract IJobStore Store { get; }

    [Fact]
    public async Task JobReadsBackAsItWasWritten()
    {
        var job = NewJob() with
        {
            Caps = Caps.Of(["gpu", "big"]), Requires = """{"caps": ["gpu","big"]}""", Command = "a\0b", Priority = 1, CreatedAt = 5_000_000,
        };
        var written = await InsertAsync(job, "payload\0é"u8.ToArray());
        Assert.Equal(job with { Seq = 1, RankAt = 5_000_000 - 2 * Rank.PriorityStepMs }, written);
        AssertSame(written, await Store.FindAsync(job.Id));
        var claimed = await UpdateAsync(written, written with
        {
            State = JobState.Running, StartedAt = 1, LeaseUntil = 2, Attempt = 3, Failures = 1, LostLeases = 2, LeaseToken = "t", WorkerId = "anna",
            ClaimId = "c", EarlierHolders = ["bert", "é"], CancelRequested = true, CancelReason = "no\0",
        });
        AssertSame(claimed, await Store.FindAsync(job.Id));
        var ended = await UpdateAsync(claimed, claimed with
        {
            State = JobState.Failed, LeaseUntil = null, ClaimId = null, FinishedAt = 9, Outcome = Outcome.LostTooOften, Error = "short…",
        }, new JobEnd("r\0"u8.ToArray(), "the whole error"u8.ToArray()));
        var texts = (await Store.FindWithTextsAsync(job.Id))!.Value;
        AssertSame(ended, texts.Job);
        Assert.Equal("payload\0é"u8.ToArray(), texts.Payload);
        Assert.Equal("r\0"u8.ToArray(), texts.Result);
        Assert.Equal("the whole error"u8.ToArray(), texts.Error);
        Assert.Equal("payload\0é"u8.ToArray(), await Store.ReadPayloadAsync(written.Seq));
        Assert.Null(await Store.FindAsync(Guid.NewGuid()));
        Assert.Null(await Store.FindWithTextsAsync(Guid.NewGuid()));
    }

    [Fact]
    public async Task EmptyTextsAreNotAbsentOnes()
    {
        var job = await InsertAsync(NewJob(), []);
        await UpdateAsync(job, Ended(job), new JobEnd([], null));
        var texts = (await Store.FindWithTextsAsync(job.Id))!.Value;
        Assert.Empty(texts.Payload);
        Assert.Empty(texts.Result!);
        Assert.Null(texts.Error);
    }

    [Fact]
    public async Task AcceptanceNeverGoesBackWithTheClock()
    {
        var late = await InsertAsync(NewJob() with { CreatedAt = 1000 });
        var early = await InsertAsync(NewJob() with { CreatedAt = 10 });
        Assert.True(late.Rank < early.Rank);
        Assert.Equal((1000, 1000), (late.RankAt, early.RankAt));
    }

    [Fact]
    public async Task RowThatHasMovedOnRefusesAnOldVersion()
    {
        var job = await InsertAsync(NewJob());
        await UpdateAsync(job, Ended(job));
        await Assert.ThrowsAsync<StaleVersionException>(() => UpdateAsync(job, Ended(job), new JobEnd("late"u8.ToArray(), null)));
        Assert.Null((await Store.FindWithTextsAsync(job.Id))!.Value.Result);
        var unknown = NewJob() with { Seq = 99 };
        await Assert.ThrowsAsync<StaleVersionException>(() => UpdateAsync(unknown, Ended(unknown)));
    }

    [Fact]
    public async Task ClaimIdBelongsToOneRunningJobOfAWorker()
    {
        var made = await InsertAsync(NewJob());
        var second = await InsertAsync(NewJob());
        var first = await UpdateAsync(made, Claimed(made, "anna"));
        Assert.Equal([first.Id], await Store.FindClaimAsync("c1", "anna"));
        await Assert.ThrowsAsync<ClaimIdInUseException>(() => UpdateAsync(second, Claimed(second, "anna")));
        Assert.Equal(JobState.Queued, (await Store.FindAsync(second.Id))!.State);
        await UpdateAsync(second, Claimed(second, null));
        Assert.Equal([second.Id], await Store.FindClaimAsync("c1", null));
        Assert.Empty(await Store.FindClaimAsync("c1", "bert"));
        await UpdateAsync(first, Ended(first));
        Assert.Empty(await Store.FindClaimAsync("c1", "anna"));
    }

    [Fact]
    public async Task IdempotencyKeyNamesItsFirstJobAlsoWhenTakenTwiceAtOnce()
    {
        var key = new IdempotencyKey("scope", "k", [1, 2, 3], new SteadyTime(1000));
        var both = await Task.WhenAll(Store.InsertAsync(NewJob(), [], key, false), Store.InsertAsync(NewJob(), [], key, true));
        var made = Assert.Single(both, c => c.Job is not null).Job!;
        var use = Assert.Single(both, c => c.EarlierUse is not null).EarlierUse!;
        Assert.Equal(made.Id, use.JobId);
        Assert.Equal([1, 2, 3], use.BodyHash);
        Assert.Equal(made.Id, (await Store.FindKeyAsync("scope", "k"))!.JobId);
        Assert.Null(await Store.FindKeyAsync("other", "k"));
        Assert.Equal(1, Assert.Single(await Store.ReadCountsAsync()).Jobs);
        Assert.NotNull((await Store.InsertAsync(NewJob(), [], key with { Scope = "other" }, false)).Job);
        Assert.Equal(0, await Store.PurgeKeysAsync(new SteadyTime(1000), new SteadyTime(2000)));
        Assert.Equal(2, await Store.PurgeKeysAsync(new SteadyTime(1001), new SteadyTime(2000)));
        Assert.Null(await Store.FindKeyAsync("scope", "k"));
    }

    [Fact]
    public async Task QueueReadsTheHeadsOfItsLanesInOrderAndItsLeases()
    {
        var gpu = Caps.Of(["gpu"]);
        var plain = new List<Job>();
        for (var n = 0; n < 5; n++) plain.Add(await InsertAsync(NewJob() with { Priority = n == 4 ? 1 : 3 }));
        var needing = await InsertAsync(NewJob() with { Caps = gpu });
        await Store.InsertAsync(NewJob() with { Queue = "other" }, [], null, isNewQueue: true);
        var running = await UpdateAsync(plain[0], Claimed(plain[0], "anna"));
        var snapshot = await Store.ReadQueueAsync(QueueNames.Default, window: 4, minimum: 1, flows: 100);
        Assert.Equal([Line(Caps.Any), Line(gpu)], snapshot.Ready.Flows.Select(f => f.Flow).OrderBy(f => f.Lane.Caps.Text, StringComparer.Ordinal));
        Assert.Null(snapshot.Ready.Next);
        var any = snapshot.Ready.Flows.Single(f => f.Flow == Line(Caps.Any));
        Assert.Equal([plain[4].Id, plain[1].Id], any.Rows.Select(r => r.Id));
        Assert.False(any.Complete);
        var only = snapshot.Ready.Flows.Single(f => f.Flow == Line(gpu));
        Assert.Equal(new ReadyRow(needing.Id, needing.Rank, 1), Assert.Single(only.Rows));
        Assert.True(only.Complete);
        AssertSame(running, Assert.Single(snapshot.Running));
        Assert.Equal([plain[4].Id, plain[1].Id, plain[2].Id], (await Store.ReadReadyAsync(QueueNames.Default, Line(Caps.Any), 3)).Select(r => r.Id));
    }

    /// <summary>By pages, so that no number of them has to be held.</summary>
    [Fact]
    public async Task FlowsOfAQueueAreReadOneAfterTheOther()
    {
        var flows = new List<Flow>();
        foreach (var caps in (Caps[])[Caps.Any, Caps.Of(["gpu"])])
        {
            foreach (var command in (string[])["make", "ping", "π"])
            {
                foreach (var requester in (string?[])[null, "", "anna", "bert"]) flows.Add(new Flow(new Lane(caps, command), requester));
            }
        }
        for (var n = 0; n < 3; n++)
        {
            foreach (var (lane, requester) in flows)
            {
                await InsertAsync(NewJob() with { Caps = lane.Caps, Command = lane.Command, Requester = requester });
            }
        }
        var read = new List<Flow>();
        Flow? after = null;
        do
        {
            var page = await Store.ReadFlowsAsync(QueueNames.Default, static lane => lane.Command != "make", after, flows: 5, rows: 2);
            Assert.All(page.Flows, static f => Assert.Equal((2, false), (f.Rows.Count, f.Complete)));
            read.AddRange(page.Flows.Select(static f => f.Flow));
            after = page.Next;
        }
        while (after is not null);
        Assert.Equal(flows.Where(static f => f.Lane.Command != "make").ToHashSet(), read.ToHashSet());
        Assert.Equal(16, read.Count);
        var snapshot = await Store.ReadQueueAsync(QueueNames.Default, window: 48, minimum: 1, flows: 23);
        Assert.Equal(23, snapshot.Ready.Flows.Count);
        Assert.NotNull(snapshot.Ready.Next);
    }

    [Fact]
    public async Task HeadsAreOfEveryQueueThatHasUnfinishedJobs()
    {
        Job[] jobs = [await InsertAsync(NewJob()), await InsertAsync(NewJob()),
            (await Store.InsertAsync(NewJob() with { Queue = "other" }, [], null, true)).Job!];
        await UpdateAsync(jobs[1], Claimed(jobs[1], "anna"));
        Assert.Equal(jobs.Select(j => j.Id).Order(), (await Store.ReadHeadsAsync(100)).Select(j => j.Id).Order());
        Assert.Contains("other", await Store.ReadQueueNamesAsync());
    }

    [Fact]
    public async Task ListIsNewestFirstAndHoldsWhatTheQueryAsks()
    {
        var jobs = new List<Job>();
        for (var n = 0; n < 6; n++) jobs.Add((await Store.InsertAsync(NewJob() with { Command = n % 2 == 0 ? "even" : "odd", Queue = n < 3 ? "a"
            : "b" }, [], null, n is 0 or 3)).Job!);
        await UpdateAsync(jobs[5], Claimed(jobs[5], "anna"));
        Assert.Equal([5, 4, 3, 2, 1, 0], await ListAsync(new JobQuery([], null, null, null, null, 10)));
        Assert.Equal([3, 2], await ListAsync(new JobQuery([], null, null, null, jobs[4].Seq, 2)));
        Assert.Equal([4, 2, 0], await ListAsync(new JobQuery([], "even", null, null, null, 10)));
        Assert.Equal([2, 0], await ListAsync(new JobQuery([JobState.Queued], "even", "a", null, null, 10)));
        Assert.Equal([5], await ListAsync(new JobQuery([JobState.Running], null, null, null, null, 10)));
        Assert.Equal([5], await ListAsync(new JobQuery([], null, null, "anna", null, 10)));
        Assert.Empty(await ListAsync(new JobQuery([JobState.Failed, JobState.Cancelled], null, null, null, null, 10)));

        async Task<IEnumerable<int>> ListAsync(JobQuery query) =>
            (await Store.ListAsync(query, CancellationToken.None)).Jobs.Select(j => jobs.FindIndex(k => k.Id == j.Id));
    }

    [Fact]
    public async Task DeletedJobIsGoneWithAllThatNamesIt()
    {
        var key = new IdempotencyKey("scope", "k", [1], new SteadyTime(1000));
        var job = (await Store.InsertAsync(NewJob(), [1], key, false)).Job!;
        var other = (await Store.InsertAsync(NewJob(), [2], key with { Key = "other" }, false)).Job!;
        var ended = await UpdateAsync(job, Ended(job), new JobEnd([3], [4]));
        await Assert.ThrowsAsync<StaleVersionException>(() => Store.DeleteAsync(job, 1));
        Assert.NotNull((await Store.FindWithTextsAsync(job.Id))!.Value.Result);
        await Store.DeleteAsync(ended, 1);
        Assert.Null(await Store.FindAsync(job.Id));
        Assert.Null(await Store.FindWithTextsAsync(job.Id));
        Assert.Null(await Store.FindKeyAsync("scope", "k"));
        Assert.Equal(other.Id, (await Store.FindKeyAsync("scope", "other"))!.JobId);
        await Assert.ThrowsAsync<StorageBusyException>(async () => await Store.ReadPayloadAsync(job.Seq));
        await Assert.ThrowsAsync<StaleVersionException>(() => Store.DeleteAsync(ended, 1));
        await Assert.ThrowsAsync<StaleVersionException>(() => UpdateAsync(ended, ended));
        Assert.Equal(new StateCount("default", JobState.Queued, 1), Assert.Single(await Store.ReadCountsAsync()));
        var again = (await Store.InsertAsync(NewJob(), [5], key with { BodyHash = [9] }, false)).Job!;
        Assert.True(again.Seq > other.Seq);
        await Store.ClearDeletedAsync();
        Assert.Equal((again.Id, 9), await Store.FindKeyAsync("scope", "k") is { } use ? (use.JobId, use.BodyHash[0]) : default);
    }

    [Fact]
    public async Task CountsAgreeWithTheJobsAfterARandomRun()
    {
        var random = new Random(7);
        var jobs = new List<Job>();
        for (var n = 0; n < 300; n++)
        {
            var at = random.Next(3) * 60_000;
            var place = random.Next(jobs.Count + 1);
            if (place == jobs.Count)
            {
                jobs.Add((await Store.InsertAsync(NewJob() with { Queue = random.Next(2) == 0 ? "a" : "b", CreatedAt = at }, [], null, true)).Job!);
                continue;
            }
            var job = jobs[place];
            if (job.IsFinal)
            {
                await Store.DeleteAsync(job, at);
                jobs.RemoveAt(place);
                continue;
            }
            var next = job.State != JobState.Running ? Claimed(job, null) with { ClaimId = null } : random.Next(2) == 0 ? Ended(job)
                : job with { State = JobState.Queued, LeaseUntil = null };
            jobs[place] = next with { Version = job.Version + 1 };
            await Store.UpdateAsync(new JobChange(job, jobs[place], at));
        }
        var counted = (await Store.ReadCountsAsync()).OrderBy(c => c.Queue, StringComparer.Ordinal).ThenBy(c => c.State);
        var recounted = jobs.GroupBy(j => (j.Queue, j.State)).Select(g => new StateCount(g.Key.Queue, g.Key.State, g.Count()));
        Assert.Equal(recounted.OrderBy(c => c.Queue, StringComparer.Ordinal).ThenBy(c => c.State), counted);
    }

    private static Flow Line(Caps caps) => new(new Lane(caps, "ping"), null);

    private protected static Job NewJob() => new() { Id = Guid.NewGuid(), Command = "ping", Version = 1, CreatedAt = 1 };

    private protected static Job Claimed(Job job, string? worker) =>
        job with { Version = job.Version + 1, State = JobState.Running, StartedAt = 1, LeaseUntil = 2, LeaseToken = "t", WorkerId = worker, ClaimId = "c1" };

    private protected static Job Ended(Job job) =>
        job with { Version = job.Version + 1, State = JobState.Done, FinishedAt = 1, LeaseUntil = null, ClaimId = null, Outcome = Outcome.Ok };

    private protected async Task<Job> InsertAsync(Job job, byte[]? payload = null) =>
        (await Store.InsertAsync(job, payload ?? [], null, isNewQueue: false)).Job!;

    private async Task<Job> UpdateAsync(Job from, Job to, JobEnd end = default)
    {
        var next = to with { Version = from.Version + 1 };
        await Store.UpdateAsync(new JobChange(from, next, 1) { End = end });
        return next;
    }

    /// <summary>Records compare lists by identity; whether a job is the first of its serial key the table alone says.</summary>
    private static void AssertSame(Job expected, Job? actual)
    {
        Assert.Equal(expected.EarlierHolders, actual!.EarlierHolders);
        Assert.Equal(expected with { EarlierHolders = [], IsFirst = false }, actual with { EarlierHolders = [], IsFirst = false });
    }
}
