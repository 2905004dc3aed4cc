using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Testing;

namespace OpenClaw.Broker.Tests;

/// <summary>Why a job is where it is: each code where it is true.</summary>
public sealed class ExplainTests
{
    [Fact]
    public async Task EveryWayToWaitIsToldApart()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await broker.CreateAsync("1", "gpu");
        await ExpectAsync(broker, id, "no_worker_seen", "queue default");
        await broker.ClaimAsync("anna");
        await ExpectAsync(broker, id, "no_worker_with_caps", "capability gpu");
        await broker.ClaimFromAsync("other", "bert"); // another queue is no help
        await ExpectAsync(broker, id, "no_worker_with_caps", "capability gpu");
        await RetryTests.CreateAsync(broker, new { command = "ping", payload = "p", priority = 1, requires = new { caps = new[] { "gpu" } } });
        var running = (await broker.ClaimAsync("carl", "gpu", "tpu"))!;
        await ExpectAsync(broker, id, "workers_busy", "worker carl");
        using (var done = await broker.PostAsync($"jobs/{running.Id}/result", running.LeaseToken, "carl", new { result = "r" })) done.EnsureSuccessStatusCode();
        await ExpectAsync(broker, id, "ready");
        Assert.Contains("it is the next of its kind", (await ExplainAsync(broker, id)).Text, StringComparison.Ordinal);
        Assert.Equal(id, (await broker.ClaimAsync("carl", "gpu", "tpu"))!.Id);
        broker.Clock.Advance(TimeSpan.FromSeconds(10));
        await ExpectAsync(broker, id, "running", "worker carl");
        broker.Clock.Advance(TimeSpan.FromSeconds(25));
        await ExpectAsync(broker, id, "silent", "worker carl");
        using (var cancel = await broker.BotAsync($"jobs/{id}/cancel", new { })) cancel.EnsureSuccessStatusCode();
        await ExpectAsync(broker, id, "cancel_asked", "worker carl");
        await broker.AdvanceUntilAsync(broker.Lease, id, static job => job.State == "cancelled");
        await ExpectAsync(broker, id, "cancelled");
        broker.Clock.Advance(TimeSpan.FromMinutes(3));
        await ExpectAsync(broker, await broker.CreateAsync("2"), "no_worker_seen", "queue default"); // nobody has asked for so long
    }

    [Fact]
    public async Task WhatPeopleAndTimeDoIsTold()
    {
        await using var broker = await BrokerFixture.StartAsync();
        await broker.ClaimAsync("anna");
        var held = await broker.CreateAsync();
        using (var hold = await broker.BotAsync($"jobs/{held}/hold", new { reason = "look first" })) hold.EnsureSuccessStatusCode();
        await ExpectAsync(broker, held, "held_by_person", "hold person");
        Assert.Equal(("bot holds it: look first", $"clawctl unhold {held}"),
            ((await ExplainAsync(broker, held)).Text, Assert.Single((await ExplainAsync(broker, held)).Mend)));
        var later = await RetryTests.CreateAsync(broker, new { command = "ping", payload = "p", delay_seconds = 60 });
        await ExpectAsync(broker, later, "not_yet");
        Assert.Equal(broker.NowMs / 1000 + 60, (await ExplainAsync(broker, later)).Until);
        var first = await RetryTests.CreateAsync(broker, new { command = "ping", payload = "p", serial_key = "k", max_attempts = 2 });
        var second = await RetryTests.CreateAsync(broker, new { command = "ping", payload = "p", serial_key = "k" });
        await ExpectAsync(broker, second, "serial_blocked", $"job {first}");
        await RetryTests.FailAsync(broker, (await broker.ClaimAsync("anna"))!, new { error = "e", retry_after_seconds = 30 });
        await ExpectAsync(broker, first, "backing_off");
        await ExpectAsync(broker, second, "serial_blocked", $"job {first}");
        await broker.AdvanceUntilAsync(TimeSpan.FromSeconds(30), first, static job => job.State == "queued");
        var running = await broker.ClaimSoonAsync("anna");
        await ExpectAsync(broker, second, "serial_blocked", $"job {first}"); // now since it runs
        await RetryTests.FailAsync(broker, running, new { error = "worse" });
        await ExpectAsync(broker, first, "failed");
        Assert.Contains("it failed 2 times, the last time with: worse", (await ExplainAsync(broker, first)).Text, StringComparison.Ordinal);
        await ExpectAsync(broker, second, "ready");
        using (var pause = await broker.BotAsync("queues/default/pause", new { reason = "tea" })) pause.EnsureSuccessStatusCode();
        await ExpectAsync(broker, second, "queue_paused", "queue default");
        using (var drain = await broker.BotAsync("drain", new { reason = "new disk" })) drain.EnsureSuccessStatusCode();
        await ExpectAsync(broker, second, "draining", "drain broker");
    }

    /// <summary>What is said of a worker that asks is what then happens to it.</summary>
    [Fact]
    public async Task WhoIsSaidToBeAbleToClaimGetsTheJobAndNobodyElse()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var random = new Random(7);
        string[] caps = ["a", "b"];
        foreach (var n in Enumerable.Range(0, 60))
        {
            string[] needs = [.. caps.Where(_ => random.Next(2) == 0)];
            string[] has = [.. caps.Where(_ => random.Next(2) == 0)];
            var command = random.Next(2) == 0 ? "ping" : "make";
            string[]? takes = random.Next(3) switch { 0 => ["ping"], 1 => ["make", "other"], _ => null };
            var (held, limited) = (random.Next(4) == 0, random.Next(4) == 0);
            await LimitTests.LimitAsync(broker, limited ? $$"""[{"by": "command", "value": "{{command}}", "max_running": 0}]""" : "[]");
            var id = (await broker.Client().CreateAsync(new CreateJob(command, $"{n}") { Requires = new Requirements(needs) })).Id;
            var worker = new BrokerClient(new HttpClient(), broker.Url,
                new BrokerCredentials { WorkerToken = BrokerProcess.WorkerToken, WorkerId = $"w{n}", Caps = has, Commands = takes }, TimeProvider.System);
            if (held) using (var hold = await broker.BotAsync($"jobs/{id}/hold", new { })) hold.EnsureSuccessStatusCode();
            using (var drained = await broker.BotAsync("drain", new { })) drained.EnsureSuccessStatusCode();
            Assert.Null(await worker.ClaimAsync("a", TimeSpan.Zero)); // it has shown itself
            using (var undrained = await broker.BotAsync("undrain", new { })) undrained.EnsureSuccessStatusCode();
            var code = (await ExplainAsync(broker, id)).Code;
            var claim = await worker.ClaimAsync("b", TimeSpan.Zero);
            var (isAble, serves) = (needs.All(has.Contains), takes?.Contains(command) != false);
            Assert.Equal(!held && !limited && isAble && serves, claim?.Id == id);
            var able = !isAble ? "no_worker_with_caps" : serves ? "ready" : "no_worker_for_command";
            Assert.Equal(held ? "held_by_person" : limited ? "limit_reached" : able, code);
            using (var cancel = await broker.BotAsync("jobs/cancel", new { filter = new { } })) cancel.EnsureSuccessStatusCode();
            if (claim is not null) await RetryTests.FailAsync(broker, claim, new { error = "cancelled" });
            broker.Clock.Advance(TimeSpan.FromMinutes(3)); // the worker is forgotten
        }
    }

    [Fact]
    public async Task WorkersAreListedWithWhatTheyRun()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await broker.CreateAsync("1", "gpu");
        await broker.ClaimAsync("anna", "gpu");
        await broker.ClaimFromAsync("mail,default", "bert");
        var page = await broker.Client().ListWorkersAsync();
        Assert.Equal([("anna", "gpu", "default", id), ("bert", "", "mail,default", "")],
            page.Workers.Select(static w => (w.Id, string.Join(",", w.Caps), string.Join(",", w.Queues), string.Join(",", w.Running))));
        await broker.StartAgainAsync();
        Assert.Equal([("anna", null, id)], (await broker.Client().ListWorkersAsync()).Workers.Select(static w => (w.Id, w.SeenAt, w.Running[0])));
    }

    internal static async Task ExpectAsync(BrokerFixture broker, string id, string code, string? blocker = null)
    {
        var why = await ExplainAsync(broker, id);
        Assert.Equal((code, blocker), (why.Code, why.Blockers.Count == 0 ? null : $"{why.Blockers[0].Kind} {why.Blockers[0].Name}"));
    }

    internal static Task<JobExplanation> ExplainAsync(BrokerFixture broker, string id) => broker.Client().ExplainAsync(id);
}
