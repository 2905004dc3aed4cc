using System.Net;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Queues;
using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Broker.Time;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Tests;

/// <summary>Each promise about the way between JobGrain and QueueGrain, broken on purpose and seen to heal.</summary>
public sealed class QueueTests
{
    private static readonly TimeSpan Compare = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task JobWhoseNewsWasLostIsFoundInTheTable()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var lost = await broker.InsertAsync();
        Assert.Null(await broker.ClaimAsync());
        broker.Clock.Advance(Compare);
        JobView? claim = null;
        await BrokerFixture.EventuallyAsync(async () => (claim = await broker.ClaimAsync()) is not null);
        Assert.Equal(lost.Id.ToString(), claim!.Id);
    }

    [Fact]
    public async Task NewsOfManyJobsAtOnceAllArrives()
    {
        const int Jobs = 2000;
        await using var broker = await BrokerFixture.StartAsync();
        var client = broker.Client();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(async () =>
        {
            for (var n = 0; n < Jobs / 20; n++) await client.CreateAsync(new CreateJob("ping", ""));
        })));
        Assert.Equal(Jobs, (await broker.Queue.DescribeAsync()).Ready);
    }

    [Fact]
    public async Task LeaseWhoseNewsWasLostEndsAllTheSame()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await broker.CreateAsync();
        var now = broker.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        await broker.Grains.GetGrain<IJobGrain>(Guid.Parse(id)).ApplyAsync(new Claimed(now, now + 60_000, "t", "anna", null));
        await broker.SetAsideAsync(); // set aside, as if for that claim
        broker.Clock.Advance(Compare);
        await BrokerFixture.EventuallyAsync(async () => (await broker.Queue.DescribeAsync()).Leased == 1); // for a whole lease from now
        await broker.AdvanceUntilAsync(broker.Lease, id, job => job.LostLeases == 1);
        Assert.Equal(id, (await broker.ClaimSoonAsync("bert")).Id);
    }

    [Fact]
    public async Task RefusedClaimTakesTheNextJobAndForgetsTheFirst()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var cancelled = await broker.CreateAsync();
        var next = await broker.CreateAsync();
        await broker.Grains.GetGrain<IJobGrain>(Guid.Parse(cancelled)).ApplyAsync(new CancelRequested(0, null, "anna")); // and no news of it
        Assert.Equal(2, (await broker.Queue.DescribeAsync()).Ready);
        Assert.Equal(next, (await broker.ClaimAsync())!.Id);
        Assert.Equal(0, (await broker.Queue.DescribeAsync()).Ready);
    }

    [Fact]
    public async Task JobSetAsideForAClaimThatNeverCameIsOfferedAgainAfterTenSeconds()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await broker.CreateAsync();
        Assert.Equal(Guid.Parse(id), await broker.SetAsideAsync());
        Assert.Null(await broker.ClaimAsync());
        broker.Clock.Advance(TimeSpan.FromMilliseconds(QueueGrain.SetAsideMs));
        await BrokerFixture.EventuallyAsync(async () => (await broker.Queue.DescribeAsync()).Ready == 1);
        Assert.Equal(id, (await broker.ClaimAsync())!.Id);
    }

    [Fact]
    public async Task QueueLargerThanItsWindowIsClaimedInOrderWhileItRefills()
    {
        const int Jobs = QueueGrain.WindowSize + 500;
        await using var broker = await BrokerFixture.StartAsync(path => Fill(path, Jobs));
        Assert.Equal(QueueGrain.WindowSize, (await broker.Queue.DescribeAsync()).Ready);
        var newest = await broker.CreateAsync("last");
        Assert.Equal(QueueGrain.WindowSize, (await broker.Queue.DescribeAsync()).Ready);

        // Past the window by way of the index alone, then the real claims around its end.
        for (var n = 0; n < QueueGrain.WindowSize - 100; n++) await broker.SetAsideAsync();
        var payloads = new List<string>();
        while (await broker.ClaimAsync("anna") is { } claim) payloads.Add(claim.Payload!);
        Assert.Equal([.. Enumerable.Range(QueueGrain.WindowSize - 99, 600).Select(n => $"{n}"), "last"], payloads);
        Assert.Equal(JobStatuses.Running, (await broker.GetAsync(newest)).Status);
    }

    [Fact]
    public async Task ReminderIsThereBeforeTheFirstLeaseAndGoesAnHourAfterTheLast()
    {
        await using var broker = await BrokerFixture.StartAsync();
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(Reminders(broker) == 1));
        await broker.StartAgainAsync();
        Assert.Equal(1, Reminders(broker));
        for (var minutes = 0; minutes < 62; minutes++)
        {
            broker.Clock.Advance(TimeSpan.FromMinutes(1));
            await broker.Queue.DescribeAsync();
        }
        await BrokerFixture.EventuallyAsync(() =>
        {
            broker.Clock.Advance(Compare);
            return Task.FromResult(Reminders(broker) == 0);
        });
    }

    [Fact]
    public async Task ReminderFiresAfterARestart()
    {
        await using var broker = await BrokerFixture.StartAsync();
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(Reminders(broker) == 1));
        await broker.StartAgainAsync();
        var before = broker.Reminded;
        await BrokerFixture.EventuallyAsync(() =>
        {
            broker.Clock.Advance(TimeSpan.FromSeconds(10));
            return Task.FromResult(broker.Reminded > before);
        });
    }

    /// <summary>The steps of one job's way that write, in order: create, claim, heartbeat, result. None hands its news on.</summary>
    [Theory]
    [InlineData(1, JobStatuses.Queued)]
    [InlineData(2, JobStatuses.Running)]
    [InlineData(3, JobStatuses.Running)]
    [InlineData(4, JobStatuses.Done)]
    public async Task KillBetweenTwoWritesLeavesAJobThatGoesOn(int writes, string status)
    {
        await using var broker = await BrokerFixture.StartAsync();
        var job = await broker.InsertAsync();
        var (id, now) = (job.Id.ToString(), broker.NowMs);
        var grain = broker.Grains.GetGrain<IJobGrain>(job.Id);
        Func<Task>[] steps =
        [
            () => grain.ApplyAsync(new Claimed(now, now + 60_000, "token", "anna", "claim")),
            () => grain.ApplyAsync(new Heartbeat(now, "token", "anna", now + 60_000)),
            () => grain.ApplyAsync(new Finished(now, "token", "anna", "r"u8.ToArray())),
        ];
        foreach (var step in steps.Take(writes - 1)) await step();

        await using var after = await broker.KilledHereAsync();
        Assert.Equal(status, (await after.GetAsync(id)).Status);
        if (status == JobStatuses.Queued) Assert.Equal(id, (await after.ClaimAsync("bert"))!.Id);
        if (status == JobStatuses.Running)
        {
            var repeated = await after.Client("anna").ClaimAsync("claim", TimeSpan.Zero);
            Assert.Equal((id, 1, "token"), (repeated!.Id, repeated.Attempt, repeated.LeaseToken));
            await after.AdvanceUntilAsync(after.Lease, id, job => job.Status == JobStatuses.Queued);
            var second = await after.ClaimSoonAsync("bert");
            Assert.Equal((id, 2), (second.Id, second.Attempt));
        }
        if (status == JobStatuses.Done) Assert.Equal("r", (await after.GetAsync(id)).Result);
        Assert.Null(await after.ClaimAsync("carl"));
    }

    [Fact]
    public async Task PauseOutlivesARestartWithItsReason()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await broker.CreateAsync();
        using (var paused = await broker.BotAsync("queues/default/pause", new { reason = "the printer burns" })) Assert.Equal(HttpStatusCode.OK,
            paused.StatusCode);
        Assert.Null(await broker.ClaimAsync());
        await broker.StartAgainAsync();
        Assert.Equal(new Pause("bot", "the printer burns", broker.NowMs), (await broker.Queue.DescribeAsync()).Paused);
        Assert.Contains("\"queues\":{\"default\":\"paused by bot: the printer burns\"}",
            await broker.Http.GetStringAsync(new Uri("health/ready", UriKind.Relative)), StringComparison.Ordinal);
        Assert.Null(await broker.ClaimAsync());
        using (var resumed = await broker.BotAsync("queues/default/resume", new { })) Assert.Equal(HttpStatusCode.OK, resumed.StatusCode);
        Assert.Equal(id, (await broker.ClaimAsync())!.Id);
    }

    [Fact]
    public async Task MessageFilesNewsAndAnswersEachWhoAsks()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var job = await broker.InsertAsync();
        Ask[] workers = [new(new WorkerClass(Caps.Of(["gpu"]), CommandSet.All), 1), new(new WorkerClass(Caps.Any, CommandSet.All), 1)];
        var offers = await broker.Queue.ObserveAsync(new QueueMessage([JobNews.Of(job, new SteadyTime(0), leaseMs: 0)], new SteadyTime(0), workers));
        Assert.Equal([job.Id, null], offers.Select(o => o.JobId));
    }

    [Fact]
    public async Task ThereAreAtMostAThousandQueuesAlsoWhenManyAreNamedAtOnce()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var calls = broker.Services.GetRequiredService<JobCalls>();
        var refused = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, QueueNames.Most + 50), new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (n, _) =>
        {
            try
            {
                await calls.CreateAsync(new NewJob($"q{n}", "ping", [], null, Caps.Any, null, new Maker(null, "bot", null), 0, null));
            }
            catch (ProblemException e) when (e.Code == ErrorCodes.TooManyQueues)
            {
                Interlocked.Increment(ref refused);
            }
        });
        Assert.Equal(51, refused); // the default one is there from the start
        using var answer = await broker.BotAsync("jobs", new { command = "ping", payload = "p", queue = "one-more" });
        Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
        Assert.Contains(ErrorCodes.TooManyQueues, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.NotNull(answer.Headers.RetryAfter);
        await broker.CreateAsync(); // those that are there go on
    }

    [Fact]
    public async Task PollMakesNoQueue()
    {
        await using var broker = await BrokerFixture.StartAsync();
        await broker.ClaimFromAsync("never-named");
        Assert.Equal(0, broker.Query<long>("select count(*) from queue where name = 'never-named'"));
        Assert.DoesNotContain("never-named", broker.Services.GetRequiredService<JobCalls>().Queues);
        Assert.DoesNotContain("never-named", await ActiveQueuesAsync(broker));
    }

    [Fact]
    public async Task IdleQueueLeavesMemoryAfterTenMinutesAndTheDefaultOneStays()
    {
        await using var broker = await BrokerFixture.StartAsync();
        using (var created = await broker.BotAsync("jobs", new { command = "ping", payload = "p", queue = "side" })) Assert.Equal(HttpStatusCode.OK,
            created.StatusCode);
        var claim = await broker.ClaimFromAsync("side");
        using (var done = await broker.PostAsync($"jobs/{claim!.Id}/result", claim.LeaseToken, null,
            new { result = "r" })) Assert.Equal(HttpStatusCode.OK, done.StatusCode);
        broker.Clock.Advance(TimeSpan.FromMinutes(9));
        Assert.Equal(["default", "side"], await ActiveQueuesAsync(broker));
        await BrokerFixture.EventuallyAsync(async () =>
        {
            broker.Clock.Advance(Compare);
            return (await ActiveQueuesAsync(broker)).SequenceEqual(["default"]);
        });
        Assert.InRange(broker.Clock.GetUtcNow() - BrokerFixture.Beginning, TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(30));
        Assert.Equal(0, broker.Query<long>("select count(*) from OrleansRemindersTable where GrainId like '%side'"));
    }

    [Fact]
    public async Task JobGrainJudgesByWhatTheTableSaysAfterARefusedWrite()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await broker.CreateAsync();
        broker.Query<long>($"update job set version = version + 1 where id = '{id}' returning 1"); // memory is behind the table now
        var reply = await broker.Grains.GetGrain<IJobGrain>(Guid.Parse(id)).ApplyAsync(new CancelRequested(0, null, "anna"));
        Assert.Equal((JobState.Cancelled, 3), (reply!.Job.State, reply.Job.Version));
    }

    [Fact]
    public async Task GrainOfAJobThatWasNeverWrittenAnswersNothing()
    {
        await using var broker = await BrokerFixture.StartAsync();
        Assert.Null(await broker.Grains.GetGrain<IJobGrain>(Guid.NewGuid()).ApplyAsync(new CancelRequested(0, null, "anna")));
    }

    private static async Task<List<string>> ActiveQueuesAsync(BrokerFixture broker)
    {
        var all = await broker.Grains.GetGrain<IManagementGrain>(0).GetDetailedGrainStatistics();
        return [.. all.Where(s => s.GrainType.Contains(nameof(QueueGrain), StringComparison.Ordinal)).Select(s =>
            s.GrainId.Key.ToString()!).Where(static name => name != QueueNames.Broker).Order(StringComparer.Ordinal)];
    }

    private static long Reminders(BrokerFixture broker) => broker.Query<long>("select count(*) from OrleansRemindersTable");

    private static void Fill(string path, int jobs)
    {
        Database.Open(path).Dispose();
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        connection.Execute($"""
            insert into job (seq, id, version, queue, lane, rank, ready, state, command, created_at)
            with recursive n(i) as (select 1 union all select i + 1 from n where i < {jobs})
            select i, printf('%08x-0000-4000-8000-%012x', i, i), 1, 'default', '', 0, 1, 'queued', cast('ping' as blob), 0 from n;
            insert into job_payload (seq, payload) select seq, cast(seq as blob) from job;
            update meta set last_seq = {jobs};
            insert into job_count (queue, state, jobs) values ('default', 'queued', {jobs});
            """);
    }
}
