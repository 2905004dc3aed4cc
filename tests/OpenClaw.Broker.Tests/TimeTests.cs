using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Time;
using OpenClaw.Contracts;
using OpenClaw.Testing;

namespace OpenClaw.Broker.Tests;

/// <summary>What time does to jobs: their hour comes, they expire, their attempts take too long; and how people change a waiting one.</summary>
public sealed class TimeTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task LaterJobIsClaimableFromItsTimeOn(bool isDate)
    {
        await using var broker = await BrokerFixture.StartAsync();
        var at = broker.NowMs / 1000 + 90;
        var id = await RetryTests.CreateAsync(broker, isDate ? new { command = "ping", payload = "p", run_at = at }
            : (object)new { command = "ping", payload = "p", delay_seconds = 90 });
        Assert.Equal(("scheduled", "queued", at), ((await broker.GetAsync(id)).State, (await broker.GetAsync(id)).Status, (await broker.GetAsync(id)).RunAt));
        Assert.Null(await broker.ClaimAsync());
        broker.Clock.Advance(TimeSpan.FromSeconds(89.9));
        Assert.Null(await broker.ClaimAsync());
        await broker.AdvanceUntilAsync(TimeSpan.FromSeconds(0.1), id, static job => job.State == "queued");
        Assert.Equal(id, (await broker.ClaimSoonAsync()).Id);
    }

    [Fact]
    public async Task LaterJobWakesALongPoll()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var poll = broker.Client("anna").ClaimAsync("c", TimeSpan.FromSeconds(50));
        var id = await RetryTests.CreateAsync(broker, new { command = "ping", payload = "p", delay_seconds = 3 });
        broker.Clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(id, (await poll)!.Id);
    }

    /// <summary>A date follows the wall clock, a delay does not.</summary>
    [Theory]
    [InlineData(3600)]
    [InlineData(-3600)]
    public async Task WallClockThatIsSetMovesDatesAlone(int jump)
    {
        await using var broker = await BrokerFixture.StartAsync();
        var date = await RetryTests.CreateAsync(broker, new { command = "ping", payload = "p", run_at = broker.NowMs / 1000 + 4000 });
        var delay = await RetryTests.CreateAsync(broker, new { command = "ping", payload = "p", delay_seconds = 4000 });
        broker.Clock.SetWall(TimeSpan.FromSeconds(jump));
        await PassAsync(broker, 400 + 40);
        await BrokerFixture.EventuallyAsync(async () => (await broker.GetAsync(date)).State == (jump > 0 ? "queued" : "scheduled"));
        Assert.Equal("scheduled", (await broker.GetAsync(delay)).State);
        await PassAsync(broker, 4000 - 440);
        await BrokerFixture.EventuallyAsync(async () => (await broker.GetAsync(delay)).State == "queued");
        Assert.Equal(jump > 0 ? "queued" : "scheduled", (await broker.GetAsync(date)).State);
        await PassAsync(broker, 3600);
        await BrokerFixture.EventuallyAsync(async () => (await broker.GetAsync(date)).State == "queued");
    }

    [Fact]
    public async Task JobThatIsNotStartedInTimeExpires()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var body = new { command = "ping", payload = "p", expires_in_seconds = 30, max_attempts = 3 };
        var (waiting, held, started) = (await RetryTests.CreateAsync(broker, body), await RetryTests.CreateAsync(broker, body),
            await RetryTests.CreateAsync(broker, body));
        using (var hold = await broker.BotAsync($"jobs/{held}/hold", new { reason = "wait" })) hold.EnsureSuccessStatusCode();
        Assert.Equal(waiting, (await broker.ClaimAsync())!.Id);
        var claim = (await broker.ClaimAsync())!;
        Assert.Equal(started, claim.Id);
        using (await broker.PostAsync($"jobs/{waiting}/release", null, null, new { })) { }
        var unstarted = await RetryTests.CreateAsync(broker, body);
        await broker.AdvanceUntilAsync(TimeSpan.FromSeconds(30), unstarted, static job => job.Status == "failed");
        foreach (var id in (string[])[held, unstarted])
        {
            await BrokerFixture.EventuallyAsync(async () => (await broker.GetAsync(id)).Status == "failed");
            var job = await broker.GetAsync(id);
            Assert.Equal(("expired", "expired", "expired"), (job.Outcome, job.Error, Assert.Single(job.Errors!).Kind));
        }
        Assert.Equal("queued", (await broker.GetAsync(waiting)).State); // a worker had it: it was started in time
        Assert.Equal("running", (await broker.GetAsync(started)).State);
    }

    [Fact]
    public async Task AttemptThatTakesTooLongIsEndedAndItsResultIsTooLate()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await RetryTests.CreateAsync(broker, new { command = "ping", payload = "p", timeout_seconds = 20, max_attempts = 2 });
        var claim = (await broker.ClaimAsync("anna"))!;
        Assert.Equal(20, claim.TimeoutSeconds);
        broker.Clock.Advance(TimeSpan.FromSeconds(15));
        using (var beat = await broker.PostAsync($"jobs/{id}/heartbeat", claim.LeaseToken, "anna", new { })) beat.EnsureSuccessStatusCode();
        await broker.AdvanceUntilAsync(TimeSpan.FromSeconds(6.9), id, static job => job.State == "running");
        await broker.AdvanceUntilAsync(TimeSpan.FromSeconds(0.1), id, static job => job.State == "scheduled");
        using (var late = await broker.PostAsync($"jobs/{id}/result", claim.LeaseToken, "anna", new { result = "r" }))
        {
            Assert.Equal((HttpStatusCode.Conflict, "lease_lost"), (late.StatusCode, await RetryTests.CodeAsync(late)));
        }
        await broker.AdvanceUntilAsync(TimeSpan.FromSeconds(5), id, static job => job.State == "queued");
        await broker.ClaimSoonAsync("bert");
        await broker.AdvanceUntilAsync(TimeSpan.FromSeconds(22), id, static job => job.Status == "failed");
        var job = await broker.GetAsync(id);
        Assert.Equal(("timed_out", "timed out after 20 s", 2), (job.Outcome, job.Error, job.Failures));
        Assert.Equal([("timeout", "anna"), ("timeout", "bert")], job.Errors!.Select(static e => (e.Kind, e.WorkerId)));
    }

    /// <summary>What may take a time takes it on the steady clock, whatever is heard of the job meanwhile.</summary>
    [Fact]
    public async Task WallClockThatIsSetEndsNoAttemptAndNoWaitEarly()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var body = new { command = "ping", payload = "p", timeout_seconds = 50, expires_in_seconds = 70 };
        var (running, waiting) = (await RetryTests.CreateAsync(broker, body), await RetryTests.CreateAsync(broker, body));
        var claim = (await broker.ClaimAsync("anna"))!;
        broker.Clock.SetWall(TimeSpan.FromHours(1));
        using (var beat = await broker.PostAsync($"jobs/{running}/heartbeat", claim.LeaseToken, "anna", new { })) beat.EnsureSuccessStatusCode();
        using (var edit = await PatchAsync(broker, waiting, new { priority = 1 })) edit.EnsureSuccessStatusCode();
        await PassAsync(broker, 45);
        Assert.Equal(("running", "queued"), ((await broker.GetAsync(running)).State, (await broker.GetAsync(waiting)).State));
        await broker.AdvanceUntilAsync(TimeSpan.FromSeconds(7), running, static job => job.Outcome == "timed_out");
        await broker.AdvanceUntilAsync(TimeSpan.FromSeconds(18), waiting, static job => job.Outcome == "expired");
    }

    /// <summary>The dates of a job never go back; what may take a time takes no longer for that.</summary>
    [Fact]
    public async Task WallClockThatIsSetBackLengthensNoAttemptAndNoWait()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var body = new { command = "ping", payload = "p", timeout_seconds = 20, max_attempts = 2 };
        var (slow, failing) = (await RetryTests.CreateAsync(broker, body), await RetryTests.CreateAsync(broker, body));
        var unique = new { key = "k", on_conflict = "replace" };
        var put = await RetryTests.CreateAsync(broker, new { command = "ping", payload = "p", unique, run_at = broker.NowMs / 1000 + 4000 });
        broker.Clock.SetWall(TimeSpan.FromHours(-1));
        Assert.Equal(slow, (await broker.ClaimAsync("anna"))!.Id);
        var claim = (await broker.ClaimAsync("anna"))!;
        var error = new { error = "e", retryable = true, retry_after_seconds = 9 };
        using (var fail = await broker.PostAsync($"jobs/{failing}/fail", claim.LeaseToken, "anna", error))
        {
            fail.EnsureSuccessStatusCode();
        }
        Assert.Equal(put, await RetryTests.CreateAsync(broker, new { command = "ping", payload = "p", unique, delay_seconds = 15 }));
        await broker.AdvanceUntilAsync(TimeSpan.FromSeconds(8), failing, static job => job.State == "scheduled");
        await broker.AdvanceUntilAsync(TimeSpan.FromSeconds(2), failing, static job => job.State == "queued");
        Assert.Equal("scheduled", (await broker.GetAsync(put)).State);
        await broker.AdvanceUntilAsync(TimeSpan.FromSeconds(6), put, static job => job.State == "queued");
        Assert.Equal("running", (await broker.GetAsync(slow)).State);
        await broker.AdvanceUntilAsync(TimeSpan.FromSeconds(7), slow, static job => job.State == "scheduled");
    }

    [Fact]
    public async Task TimesGoOnOverARestartByTheirDates()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var later = await RetryTests.CreateAsync(broker, new { command = "ping", payload = "p", delay_seconds = 100, queue = "other" });
        var past = await RetryTests.CreateAsync(broker, new { command = "ping", payload = "p", delay_seconds = 30, queue = "other" });
        var expiring = await RetryTests.CreateAsync(broker, new { command = "ping", payload = "p", expires_in_seconds = 40,
            requires = new { caps = new[] { "x" } } });
        await broker.StopAsync();
        broker.Clock.Advance(TimeSpan.FromSeconds(50));
        await broker.StartAgainAsync();
        await BrokerFixture.EventuallyAsync(async () => (await broker.GetAsync(past)).State == "queued");
        await BrokerFixture.EventuallyAsync(async () => (await broker.GetAsync(expiring)).Status == "failed");
        Assert.Equal("scheduled", (await broker.GetAsync(later)).State);
        await broker.AdvanceUntilAsync(TimeSpan.FromSeconds(50), later, static job => job.State == "queued");
        Assert.Equal(later, (await broker.ClaimFromAsync("other"))!.Id); // it was accepted first
    }

    /// <summary>Nobody hears of it; the table tells.</summary>
    [Fact]
    public async Task TimeThatWasNotHeardOfIsFoundInTheTable()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var row = (await broker.Store.InsertAsync(new Job { Id = Guid.NewGuid(), Version = 1, Command = "ping", CreatedAt = broker.NowMs,
            State = JobState.Scheduled, RunAt = broker.NowMs + 10_000, IsDelay = true }, [1], null, isNewQueue: false)).Job!;
        await broker.AdvanceUntilAsync(TimeSpan.FromSeconds(30), row.Id.ToString(), static job => job.State == "queued");
    }

    [Fact]
    public async Task HeldJobWaitsForItsPersonAndKeepsItsPlace()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var (first, second) = (await broker.CreateAsync("1"), await broker.CreateAsync("2"));
        using (var hold = await broker.BotAsync($"jobs/{first}/hold", new { reason = "look first" })) hold.EnsureSuccessStatusCode();
        using (var again = await broker.BotAsync($"jobs/{first}/hold", new { })) again.EnsureSuccessStatusCode();
        var held = await broker.GetAsync(first);
        Assert.Equal(("held", "queued", "person", "look first"), (held.State, held.Status, Assert.Single(held.Holds!).Kind, held.Holds![0].Detail));
        using (var unhold = await broker.BotAsync($"jobs/{first}/unhold", new { })) unhold.EnsureSuccessStatusCode();
        Assert.Equal([first, second], [(await broker.ClaimAsync())!.Id, (await broker.ClaimAsync())!.Id]);
        Assert.Equal(["created", "held", "unheld", "claimed"], (await RetryTests.EventsAsync(broker, first)).Select(static e => e.Event));
        using var late = await broker.BotAsync($"jobs/{first}/hold", new { });
        Assert.Equal((HttpStatusCode.Conflict, "not_waiting"), (late.StatusCode, await RetryTests.CodeAsync(late)));
    }

    [Fact]
    public async Task SnoozedJobWaitsSoLong()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await broker.CreateAsync();
        using (var snooze = await broker.BotAsync($"jobs/{id}/snooze", new { seconds = 60 })) snooze.EnsureSuccessStatusCode();
        Assert.Null(await broker.ClaimAsync());
        await broker.AdvanceUntilAsync(TimeSpan.FromSeconds(60), id, static job => job.State == "queued");
        Assert.Equal(id, (await broker.ClaimSoonAsync()).Id);
    }

    [Fact]
    public async Task WaitingJobIsEdited()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var (other, id) = (await broker.CreateAsync("other"), await broker.CreateAsync("before"));
        var seen = await broker.GetAsync(id);
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await PatchAsync(broker, id, new { priority = 1 }, seen.Version + 1)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await PatchAsync(broker, id, new { priority = 1, payload = "after", tags = new[] { "a", "b" }, max_attempts = 4 },
            seen.Version)).StatusCode);
        var claim = (await broker.ClaimAsync())!;
        Assert.Equal((id, "after", 1, 4), (claim.Id, claim.Payload, claim.Priority, claim.MaxAttempts));
        Assert.Equal(["a", "b"], claim.Tags);
        Assert.Equal(HttpStatusCode.Conflict, (await PatchAsync(broker, id, new { priority = 2 })).StatusCode);
        Assert.Equal("payload, priority, max_attempts, tags", (await RetryTests.EventsAsync(broker, id))[1].Detail);
        Assert.Equal("after".Length + "other".Length, broker.Query<long>("select sum(bytes) from token_count"));
        Assert.Equal(HttpStatusCode.OK, (await PatchAsync(broker, other, new { queue = "there", run_at = broker.NowMs / 1000 + 10 })).StatusCode);
        Assert.Null(await broker.ClaimAsync());
        await broker.AdvanceUntilAsync(TimeSpan.FromSeconds(10), other, static job => job.State == "queued");
        Assert.Null(await broker.ClaimAsync());
        Assert.Equal(other, (await broker.ClaimFromAsync("there"))!.Id);
    }

    [Fact]
    public async Task ReadyJobThatMovesIsClaimedInItsNewQueueAlone()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await broker.CreateAsync();
        Assert.Equal(HttpStatusCode.OK, (await PatchAsync(broker, id, new { queue = "there" })).StatusCode);
        Assert.Null(await broker.ClaimAsync());
        Assert.Equal(id, (await broker.ClaimFromAsync("there"))!.Id);
        Assert.Equal((0L, 1L), (broker.Query<long>("select coalesce(sum(jobs), 0) from job_count where queue = 'default'"),
            broker.Query<long>("select sum(jobs) from job_count where queue = 'there'")));
    }

    [Theory]
    [InlineData("{\"run_at\":1,\"delay_seconds\":1}", "delay_seconds")]
    [InlineData("{\"delay_seconds\":-1}", "delay_seconds")]
    [InlineData("{\"priority\":6}", "priority")]
    [InlineData("{\"max_attempts\":0}", "max_attempts")]
    [InlineData("{\"timeout_seconds\":0}", "timeout_seconds")]
    [InlineData("{\"expires_in_seconds\":\"x\"}", "expires_in_seconds")]
    [InlineData("{\"backoff\":{\"factor\":0.5}}", "factor")]
    [InlineData("{\"backoff\":5}", "backoff")]
    [InlineData("{\"tags\":\"a\"}", "tags")]
    public async Task WrongFieldIsNamed(string fields, string path)
    {
        await using var broker = await BrokerFixture.StartAsync();
        var body = JsonNode.Parse(fields)!.AsObject();
        (body["command"], body["payload"]) = ("ping", "p");
        using var refused = await broker.BotAsync("jobs", body);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        var detail = JsonNode.Parse(await refused.Content.ReadAsStringAsync())!["detail"]!;
        Assert.Equal(path, (string?)detail[0]!["loc"]!.AsArray()[^1]);
    }

    [Fact]
    public void WindowHoldsTheSoonestAndReadsOnWhenItRunsDry()
    {
        var window = new DueWindow(8);
        for (var n = 20; n > 0; n--) window.Observe(Id(n), 1, Due(n));
        Assert.Equal((8, true), (window.Count, window.More));
        for (var n = 1; n <= 6; n++) Assert.Equal(Id(n), window.TakeDue(new SteadyTime(100))!.Id);
        Assert.True(window.IsRunningDry);
        window.BeginRead();
        window.Observe(Id(30), 1, Due(30)); // comes while the table is read: it may not be among the rows
        window.EndRead([.. Enumerable.Range(7, 8).Select(Due)], complete: false);
        var taken = new List<Guid>();
        while (window.TakeDue(new SteadyTime(100)) is { } due) taken.Add(due.Id);
        Assert.Equal(Enumerable.Range(7, 8).Append(30).Select(Id).Take(taken.Count), taken);
        Assert.True(taken.Count >= 8 && window.IsRunningDry);

        static Guid Id(int n) => new(n, 0, 0, new byte[8]);

        static DueJob Due(int n) => new(Id(n), 1, n, new SteadyTime(n), false);
    }

    internal static async Task<HttpResponseMessage> PatchAsync(BrokerFixture broker, string id, object body, long? version = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Patch, $"jobs/{id}") { Content = JsonContent.Create(body) };
        request.Headers.Add(HeaderNames.BotToken, BrokerProcess.BotToken);
        if (version is { } seen) request.Headers.TryAddWithoutValidation("If-Match", $"{seen}");
        return await broker.Http.SendAsync(request);
    }

    /// <summary>Lets time pass in steps, as it does.</summary>
    private static async Task PassAsync(BrokerFixture broker, int seconds)
    {
        for (var left = seconds; left > 0; left -= 10)
        {
            broker.Clock.Advance(TimeSpan.FromSeconds(Math.Min(10, left)));
            await Task.Yield();
        }
    }
}
