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
            Lane = Lane.Of(["gpu", "big"]), Requires = """{"caps": ["gpu","big"]}""", Command = "a\0b", Priority = 1, CreatedAt = 5_000_000,
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
        var first = Claimed(await InsertAsync(NewJob()), "anna");
        var second = await InsertAsync(NewJob());
        await UpdateAsync(first with { State = JobState.Queued, Version = 1 }, first);
        Assert.Equal(first.Id, await Store.FindClaimAsync("c1", "anna"));
        await Assert.ThrowsAsync<ClaimIdInUseException>(() => UpdateAsync(second, Claimed(second, "anna")));
        Assert.Equal(JobState.Queued, (await Store.FindAsync(second.Id))!.State);
        await UpdateAsync(second, Claimed(second, null));
        Assert.Equal(second.Id, await Store.FindClaimAsync("c1", null));
        Assert.Null(await Store.FindClaimAsync("c1", "bert"));
        await UpdateAsync(first with { Version = 2 }, Ended(first));
        Assert.Null(await Store.FindClaimAsync("c1", "anna"));
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
        var gpu = Lane.Of(["gpu"]);
        var plain = new List<Job>();
        for (var n = 0; n < 5; n++) plain.Add(await InsertAsync(NewJob() with { Priority = n == 4 ? 1 : 3 }));
        var needing = await InsertAsync(NewJob() with { Lane = gpu });
        await Store.InsertAsync(NewJob() with { Queue = "other" }, [], null, isNewQueue: true);
        var running = await UpdateAsync(plain[0], Claimed(plain[0], "anna"));
        var snapshot = await Store.ReadQueueAsync(QueueNames.Default, window: 4, minimum: 1);
        Assert.Equal([Lane.Any, gpu], snapshot.Lanes.Select(l => l.Lane).OrderBy(l => l.Text, StringComparer.Ordinal));
        var any = snapshot.Lanes.Single(l => l.Lane == Lane.Any);
        Assert.Equal([plain[4].Id, plain[1].Id], any.Rows.Select(r => r.Id));
        Assert.False(any.Complete);
        var only = snapshot.Lanes.Single(l => l.Lane == gpu);
        Assert.Equal(new ReadyRow(needing.Id, needing.Rank, 1), Assert.Single(only.Rows));
        Assert.True(only.Complete);
        AssertSame(running, Assert.Single(snapshot.Running));
        Assert.Equal([plain[4].Id, plain[1].Id, plain[2].Id], (await Store.ReadReadyAsync(QueueNames.Default, Lane.Any, 3)).Select(r => r.Id));
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
