using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Tests;

/// <summary>Failures that are tried again, and jobs that a person has done anew.</summary>
public sealed class RetryTests
{
    [Fact]
    public async Task FailedJobIsTriedAgainAfterItsBackoffUntilItsAttemptsAreUsedUp()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await CreateAsync(broker, new { command = "ping", payload = "p", max_attempts = 3, backoff = new { initial_seconds = 10, factor = 3 } });
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            var claim = await broker.ClaimSoonAsync("anna");
            Assert.Equal((id, attempt, attempt - 1), (claim.Id, claim.Attempt, claim.Errors!.Count));
            var said = await FailAsync(broker, claim, new { error = $"e{attempt}" });
            Assert.Equal((HttpStatusCode.OK, attempt < 3 ? "queued" : "failed"), (said.Code, (string?)said.Body["status"]));
            if (attempt == 3) break;
            var waiting = await broker.GetAsync(id);
            Assert.Equal(("scheduled", (long?)said.Body["run_at"]), (waiting.State, waiting.RunAt));
            var longest = attempt == 1 ? 10 : 30;
            Assert.InRange(waiting.RunAt!.Value - broker.NowMs / 1000, 0, longest);
            await broker.AdvanceUntilAsync(TimeSpan.FromSeconds(longest), id, static job => job.State == "queued");
        }
        var ended = await broker.GetAsync(id);
        Assert.Equal(("failed", "failed", "e3", 3, 3), (ended.Status, ended.Outcome, ended.Error, ended.Failures, ended.Attempt));
        Assert.Equal(["e1", "e2", "e3"], ended.Errors!.Select(static e => e.Error));
        Assert.All(ended.Errors!, static e => Assert.Equal(("failed", "anna", 1), (e.Kind, e.WorkerId, e.Round)));
    }

    [Fact]
    public async Task WorkerSaysThatNoRetryHelpsOrWhenItMay()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await CreateAsync(broker, new { command = "ping", payload = "p", max_attempts = 5 });
        var said = await FailAsync(broker, (await broker.ClaimAsync())!, new { error = "busy", retry_after_seconds = 300 });
        Assert.Equal(broker.NowMs / 1000 + 300, (long?)said.Body["run_at"]);
        await broker.AdvanceUntilAsync(TimeSpan.FromSeconds(299), id, static job => job.State == "scheduled");
        await broker.AdvanceUntilAsync(TimeSpan.FromSeconds(1), id, static job => job.State == "queued");
        said = await FailAsync(broker, await broker.ClaimSoonAsync(), new { error = "no", retryable = false });
        Assert.Equal("failed", (string?)said.Body["status"]);
        Assert.Equal((2, 2), ((await broker.GetAsync(id)).Failures, (await broker.GetAsync(id)).Errors!.Count));
    }

    /// <summary>Its answer may have been lost.</summary>
    [Fact]
    public async Task FailureThatIsSentAgainCountsOnce()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await CreateAsync(broker, new { command = "ping", payload = "p", max_attempts = 5 });
        var claim = (await broker.ClaimAsync("anna"))!;
        foreach (var _ in Enumerable.Range(0, 3))
        {
            var said = await FailAsync(broker, claim, new { error = "e", retry_after_seconds = 10 });
            Assert.Equal((HttpStatusCode.OK, "queued"), (said.Code, (string?)said.Body["status"]));
        }
        await broker.AdvanceUntilAsync(TimeSpan.FromSeconds(10), id, static job => job.State == "queued");
        await FailAsync(broker, claim, new { error = "e" });
        await FailAsync(broker, claim with { LeaseToken = null }, new { error = "e" });
        Assert.Equal((1, "queued", 1), ((await broker.GetAsync(id)).Failures, (await broker.GetAsync(id)).State, (await broker.GetAsync(id)).Errors!.Count));
    }

    [Fact]
    public async Task ReleaseAndLostLeaseSpendNoAttemptAndAreRemembered()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await CreateAsync(broker, new { command = "ping", payload = "p", max_attempts = 2 });
        var claim = (await broker.ClaimAsync("anna"))!;
        using (await broker.PostAsync($"jobs/{id}/release", claim.LeaseToken, "anna", new { delay_seconds = 20, reason = "shutting down" }))
        {
            Assert.Equal("scheduled", (await broker.GetAsync(id)).State);
        }
        await broker.AdvanceUntilAsync(TimeSpan.FromSeconds(20), id, static job => job.State == "queued");
        await broker.ClaimSoonAsync("bert");
        await broker.AdvanceUntilAsync(broker.Lease, id, static job => job.State == "queued");
        var job = await broker.GetAsync(id);
        Assert.Equal((0, 1, 2), (job.Failures, job.LostLeases, job.Attempt));
        Assert.Equal([("interrupted", "anna", "shutting down"), ("lease_lost", "bert", null)],
            job.Errors!.Select(static e => (e.Kind, e.WorkerId, e.Error)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhatWasGivenBackIsRememberedAlsoWhereNoAttemptFollows(bool isCancelled)
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await CreateAsync(broker, new { command = "ping", payload = "p" });
        var claim = (await broker.ClaimAsync("anna"))!;
        using (await broker.PostAsync($"jobs/{id}/release", claim.LeaseToken, "anna", new { delay_seconds = 20, reason = "shutting down" }))
        {
            if (isCancelled) await broker.Client().CancelAsync(id);
            else await broker.Client("anna").FinishAsync(id, claim.LeaseToken, "late");
        }
        var job = await broker.GetAsync(id);
        Assert.Equal((isCancelled ? "cancelled" : "done", 1), (job.State, job.Attempt));
        Assert.Equal([("interrupted", "anna", "shutting down")], job.Errors!.Select(static e => (e.Kind, e.WorkerId, e.Error)));
    }

    [Fact]
    public async Task RetryByHandBeginsANewRoundAndNothingOfTheOldOneCounts()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await CreateAsync(broker, new { command = "ping", payload = "p" });
        var claim = (await broker.ClaimAsync("anna"))!;
        await FailAsync(broker, claim, new { error = new string('x', 5000) });
        using (var retried = await broker.BotAsync($"jobs/{id}/retry", new { }))
        {
            var said = (await retried.Content.ReadFromJsonAsync(WireJson.Default.ChangedJob))!;
            Assert.Equal((id, "queued", "queued", 2), (said.Id, said.Status, said.State, said.Round));
        }
        using (var stale = await broker.PostAsync($"jobs/{id}/result", claim.LeaseToken, "anna", new { result = "late" }))
        {
            Assert.Equal(HttpStatusCode.Conflict, stale.StatusCode);
        }
        var job = await broker.GetAsync(id);
        Assert.Equal(("queued", 0, 0, null, null, null), (job.State, job.Attempt, job.Failures, job.Error, job.FinishedAt, job.Outcome));
        Assert.StartsWith("xxx", Assert.Single(job.Errors!).Error, StringComparison.Ordinal);
        claim = await broker.ClaimSoonAsync("bert");
        using (var done = await broker.PostAsync($"jobs/{id}/result", claim.LeaseToken, "bert", new { result = "r" })) done.EnsureSuccessStatusCode();
        Assert.Equal(("done", "r", 2, 1), ((await broker.GetAsync(id)).Status, (await broker.GetAsync(id)).Result, job.Round, claim.Attempt));
        using var again = await broker.BotAsync($"jobs/{id}/retry", new { });
        Assert.Equal((HttpStatusCode.Conflict, "not_failed"), (again.StatusCode, await CodeAsync(again)));
        var events = await EventsAsync(broker, id);
        Assert.Equal(["created", "claimed", "ended", "retried", "claimed", "ended"], events.Select(static e => e.Event));
        Assert.Equal([1, 1, 1, 2, 2, 2], events.Select(static e => e.Round));
        Assert.Equal(["bot", "anna", "anna", "bot", "bert", "bert"], events.Select(static e => e.Actor));
    }

    [Fact]
    public async Task RetryWithAPayloadMakesAChangedCopy()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await CreateAsync(broker, new { command = "ping", payload = "p", priority = 2, tags = new[] { "t" }, max_attempts = 1 });
        await FailAsync(broker, (await broker.ClaimAsync())!, new { error = "e" });
        using var retried = await broker.BotAsync($"jobs/{id}/retry", new { payload = "better" });
        var copy = await broker.GetAsync((await retried.Content.ReadFromJsonAsync(WireJson.Default.ChangedJob))!.Id);
        Assert.NotEqual(id, copy.Id);
        Assert.Equal(("better", id, 2, "t", 1), (copy.Payload, copy.RetryOf, copy.Priority, Assert.Single(copy.Tags!), copy.Round));
        Assert.Equal("failed", (await broker.GetAsync(id)).Status);
    }

    [Fact]
    public async Task ChangedCopyIsMadeOncePerIdempotencyKey()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await CreateAsync(broker, new { command = "ping", payload = "p" });
        await FailAsync(broker, (await broker.ClaimAsync())!, new { error = "e" });
        var bot = Caller.Bot(broker);
        Task<Reply> RetryAsync(string key, string payload) => bot.PostAsync($"jobs/{id}/retry", $$"""{"payload": "{{payload}}"}""", $"Idempotency-Key: {key}");
        var copy = (string)(await RetryAsync("k", "better")).Json["id"]!;
        await bot.PostAsync($"jobs/{id}/retry"); // the first answer stands whatever became of the job since
        Assert.Equal(copy, (string)(await RetryAsync("k", "better")).Json["id"]!);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await RetryAsync("k", "worse")).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await RetryAsync("other", "better")).Status);
        Assert.Equal(2, broker.Query<long>("select count(*) from job"));
    }

    [Theory]
    [InlineData("retry", "not_ended")]
    [InlineData("unhold", "not_held_by_person")]
    public async Task ChangeThatDoesNotFitIsRefusedWithItsReason(string call, string code)
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await broker.CreateAsync();
        using var refused = await broker.BotAsync($"jobs/{id}/{call}", new { });
        Assert.Equal((HttpStatusCode.Conflict, code), (refused.StatusCode, await CodeAsync(refused)));
        Assert.Equal("queued", (await broker.GetAsync(id)).State);
    }

    internal static async Task<string> CreateAsync(BrokerFixture broker, object body)
    {
        using var answer = await broker.BotAsync("jobs", body);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync(WireJson.Default.CreatedJob))!.Id;
    }

    internal static async Task<(HttpStatusCode Code, JsonNode Body)> FailAsync(BrokerFixture broker, JobView claim, object body)
    {
        using var answer = await broker.PostAsync($"jobs/{claim.Id}/fail", claim.LeaseToken, claim.WorkerId, body);
        return (answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync())!);
    }

    internal static async Task<string?> CodeAsync(HttpResponseMessage answer) => (string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["code"];

    internal static async Task<IReadOnlyList<JobEventView>> EventsAsync(BrokerFixture broker, string id)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"jobs/{id}/history");
        request.Headers.Add(HeaderNames.BotToken, OpenClaw.Testing.BrokerProcess.BotToken);
        using var answer = await broker.Http.SendAsync(request);
        return (await answer.Content.ReadFromJsonAsync(WireJson.Default.JobHistoryView))!.Events;
    }
}
