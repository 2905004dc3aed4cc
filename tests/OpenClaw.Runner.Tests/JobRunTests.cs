using OpenClaw.Runner.Handlers;
using OpenClaw.Testing;

namespace OpenClaw.Runner.Tests;

/// <summary>One job's run: heartbeats, cancelling, time limit, shutdown.</summary>
public sealed class JobRunTests
{
    private const string Id = "11111111-1111-4111-8111-111111111111";
    private const string Heard = """{"ok":true,"status":"running","lease_until":9,"lease_seconds":30,"cancel_requested":false}""";
    private static readonly TimeSpan Third = TimeSpan.FromSeconds(10);

    private readonly WatchedClock clock = new();
    private readonly HeldHandler handler = new();

    [Fact]
    public async Task HeartbeatsKeepTheLeaseAndCarryItsToken()
    {
        await using var broker = OneJob(_ => ScriptedAnswer.Ok(Heard));
        await using var worker = new RunningWorker(broker.Url, clock, handler);
        for (var i = 0; i < 3; i++)
        {
            await clock.PassAsync(Third);
            Assert.Equal("lease-1", (await broker.NextAsync($"/jobs/{Id}/heartbeat")).Headers["X-Lease-Token"]);
            // Its deadline is as long as the next wait.
            await clock.TimerAsync(t => t == Third);
        }
        handler.Finish(new Succeeded("all done"));
        Assert.Equal("""{"result":"all done"}""", (await broker.NextAsync("/result")).Body);
    }

    [Fact]
    public async Task AJobToBeCancelledIsCancelledAndReported()
    {
        await using var broker = OneJob(_ => ScriptedAnswer.Ok(Heard.Replace("false", "true", StringComparison.Ordinal)));
        await using var worker = new RunningWorker(broker.Url, clock, handler);
        await clock.PassAsync(Third);
        await handler.Cancelled.Task.WaitAsync(Broken.After);
        Assert.Equal("""{"error":"cancelled"}""", (await broker.NextAsync("/fail")).Body);
    }

    [Fact]
    public async Task ALeaseThatRanOutButIsNobodysIsNoReasonToStop()
    {
        await using var broker = OneJob(_ => ScriptedAnswer.Problem(409, "lease_lost", "queued"));
        await using var worker = new RunningWorker(broker.Url, clock, handler);
        await clock.PassAsync(Third);
        await broker.NextAsync("/heartbeat");
        await clock.TimerAsync(t => t == Third);
        await clock.PassAsync(Third);
        await broker.NextAsync("/heartbeat");
        handler.Finish(new Succeeded("all done"));
        await broker.NextAsync("/result");
        Assert.False(handler.Cancelled.Task.IsCompleted);
    }

    [Fact]
    public async Task AJobThatAnotherHasIsDropped()
    {
        await using var broker = OneJob(_ => ScriptedAnswer.Problem(409, "lease_lost", "running"));
        await using var worker = new RunningWorker(broker.Url, clock, handler);
        await clock.PassAsync(Third);
        await handler.Cancelled.Task.WaitAsync(Broken.After);
        await broker.NextAsync("/jobs/next");
        Assert.Contains("dropped", worker.Log, StringComparison.Ordinal);
        Assert.DoesNotContain(broker.Take(), r => r.Path.EndsWith("/fail", StringComparison.Ordinal) || r.Path.EndsWith("/result", StringComparison.Ordinal));
        Assert.Empty(worker.Outbox);
    }

    [Fact]
    public async Task WithoutALeaseTokenThereAreNoHeartbeats()
    {
        await using var broker = OneJob(_ => ScriptedAnswer.Ok(Heard), leaseToken: null);
        await using var worker = new RunningWorker(broker.Url, clock, handler);
        await handler.StartedAsync();
        clock.Advance(Third);
        clock.Advance(Third);
        handler.Finish(new Succeeded("all done"));
        var result = await broker.NextAsync("");
        while (result.Path.EndsWith("/next", StringComparison.Ordinal)) result = await broker.NextAsync("");
        Assert.EndsWith("/result", result.Path, StringComparison.Ordinal);
        Assert.False(result.Headers.ContainsKey("X-Lease-Token"));
    }

    [Fact]
    public async Task AHandlerThatTakesTooLongFails()
    {
        await using var broker = OneJob(_ => ScriptedAnswer.Ok(Heard), leaseToken: null);
        await using var worker = new RunningWorker(broker.Url, clock, handler);
        await handler.StartedAsync();
        clock.Advance(TimeSpan.FromSeconds(300));
        Assert.Equal("""{"error":"no result after 300 s (RESULT_TIMEOUT_SEC)"}""", (await broker.NextAsync("/fail")).Body);
    }

    /// <summary>The shorter of the two limits is the one that counts.</summary>
    [Theory]
    [InlineData(20, 20, "timed out after 20 s")]
    [InlineData(900, 300, "no result after 300 s (RESULT_TIMEOUT_SEC)")]
    public async Task AJobMayBringALimitOfItsOwn(int own, int after, string error)
    {
        await using var broker = OneJob(_ => ScriptedAnswer.Ok(Heard), leaseToken: null, own);
        await using var worker = new RunningWorker(broker.Url, clock, handler);
        await handler.StartedAsync();
        clock.Advance(TimeSpan.FromSeconds(after));
        Assert.Equal($$"""{"error":"{{error}}"}""", (await broker.NextAsync("/fail")).Body);
    }

    [Theory]
    [InlineData("went wrong", "went wrong")]
    [InlineData("", "unknown")]
    public async Task WhatAHandlerThrowsIsTheJobsError(string message, string error)
    {
        await using var broker = OneJob(_ => ScriptedAnswer.Ok(Heard));
        await using var worker = new RunningWorker(broker.Url, clock, new ThrowingHandler(message));
        Assert.Equal($$"""{"error":"{{error}}"}""", (await broker.NextAsync("/fail")).Body);
    }

    [Fact]
    public async Task ASnoozedJobGoesBackAndTheRunnerRests()
    {
        var rest = TimeSpan.FromSeconds(77);
        await using var broker = OneJob(_ => ScriptedAnswer.Ok(Heard));
        await using var worker = new RunningWorker(broker.Url, clock, new QuickHandler(new Snoozed(rest)));
        await broker.NextAsync("/release");
        await clock.PassAsync(rest);
        await broker.NextAsync("/jobs/next");
    }

    [Fact]
    public async Task StoppingWaitsForTheHandler()
    {
        await using var broker = OneJob(_ => ScriptedAnswer.Ok(Heard));
        await using var worker = new RunningWorker(broker.Url, clock, handler);
        await handler.StartedAsync();
        worker.Stop();
        handler.Finish(new Succeeded("all done"));
        await broker.NextAsync("/result");
        await worker.EndedAsync();
        Assert.Empty(worker.Outbox);
    }

    [Fact]
    public async Task WhatHasNotFinishedWhenTimeIsUpGoesBack()
    {
        await using var broker = OneJob(_ => ScriptedAnswer.Ok(Heard));
        await using var worker = new RunningWorker(broker.Url, clock, handler);
        await handler.StartedAsync();
        worker.Stop();
        worker.GiveUp();
        Assert.Equal("lease-1", (await broker.NextAsync($"/jobs/{Id}/release")).Headers["X-Lease-Token"]);
        await worker.EndedAsync();
        Assert.True(handler.Cancelled.Task.IsCompleted);
    }

    /// <summary>Also where the broker takes nothing of what the runner tells of itself.</summary>
    [Theory]
    [InlineData(200)]
    [InlineData(422)]
    public async Task OrderToStopReachesTheJobAtOnceAndNoOther(int told)
    {
        var claimed = false;
        await using var broker = new ScriptedBroker(r => (r.Method, r.Path, r.Query) switch
        {
            ("PUT", "/workers/me", _) => told == 200 ? ScriptedAnswer.Ok("""{"ok":true,"id":"worker-1"}""") : ScriptedAnswer.Problem(told, "invalid"),
            (_, "/workers/me/control", "?wait=30") => ScriptedAnswer.Ok("""{"seq":3,"cancel":["22222222-1111-4111-8111-111111111111"],"drain":false}"""),
            (_, "/workers/me/control", "?wait=30&after=3") when handler.Started => ScriptedAnswer.Ok($$"""{"seq":4,"cancel":["{{Id}}"],"drain":false}"""),
            (_, "/workers/me/control", "?wait=30&after=3") => ScriptedAnswer.Ok("""{"seq":3,"cancel":[],"drain":false}"""),
            (_, "/workers/me/control", _) => ScriptedAnswer.Hold,
            (_, "/jobs/next", _) when claimed => ScriptedAnswer.Hold,
            (_, "/jobs/next", _) => Claim(),
            _ => ScriptedAnswer.Ok("""{"ok":true,"status":"failed"}"""),
        }) { HearsWorkers = true };
        await using var worker = new RunningWorker(broker.Url, clock, handler);
        Assert.Contains("\"name\":\"test\"", (await broker.NextAsync("/workers/me")).Body, StringComparison.Ordinal);
        Assert.Equal("""{"error":"cancelled"}""", (await broker.NextAsync("/fail")).Body);
        worker.Stop();
        await worker.EndedAsync(); // a poll that waits for orders holds up no end

        ScriptedAnswer Claim()
        {
            claimed = true;
            return ScriptedAnswer.Job(Id, "test", "", "lease-1");
        }
    }

    /// <summary>A broker that has one job, and then none for ever.</summary>
    private static ScriptedBroker OneJob(Func<ScriptedRequest, ScriptedAnswer> heartbeat, string? leaseToken = "lease-1", int? timeout = null)
    {
        var claimed = false;
        return new ScriptedBroker(r =>
        {
            if (r.Path.EndsWith("/heartbeat", StringComparison.Ordinal)) return heartbeat(r);
            if (!r.Path.EndsWith("/next", StringComparison.Ordinal)) return ScriptedAnswer.Ok("""{"ok":true,"status":"done"}""");
            if (claimed) return ScriptedAnswer.Hold;
            claimed = true;
            return ScriptedAnswer.Job(Id, "test", "", leaseToken, timeout);
        });
    }
}
