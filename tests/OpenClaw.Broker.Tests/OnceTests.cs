using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Storage.Sqlite;

namespace OpenClaw.Broker.Tests;

/// <summary>Serial keys and unique keys.</summary>
public sealed class OnceTests
{
    [Fact]
    public async Task JobsWithASerialKeyRunOneAfterTheOtherInTheOrderOfAcceptance()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var ids = new List<string>();
        foreach (var n in Enumerable.Range(0, 4)) ids.Add(await CreateAsync(broker, new { serial_key = "disk", priority = 5 - n, max_attempts = 2 }));
        var free = await CreateAsync(broker, new { priority = 5 });
        var first = (await broker.ClaimAsync("anna"))!;
        Assert.Equal((ids[0], "disk"), (first.Id, first.SerialKey));
        Assert.Equal(free, (await broker.ClaimAsync("bert"))!.Id);
        Assert.Null(await broker.ClaimAsync("bert"));
        await RetryTests.FailAsync(broker, first, new { error = "e", retry_after_seconds = 10 }); // it waits, and keeps its place
        Assert.Null(await broker.ClaimAsync("bert"));
        await broker.AdvanceUntilAsync(TimeSpan.FromSeconds(10), ids[0], static job => job.State == "queued");
        first = await broker.ClaimSoonAsync("anna");
        Assert.Equal(ids[0], first.Id);
        foreach (var next in ids[1..])
        {
            using (var done = await broker.PostAsync($"jobs/{first.Id}/result", first.LeaseToken, "anna", new { result = "r" })) done.EnsureSuccessStatusCode();
            first = await broker.ClaimSoonAsync("anna");
            Assert.Equal(next, first.Id);
        }
    }

    /// <summary>However the one before ends; over a restart, too.</summary>
    [Theory]
    [InlineData("cancel")]
    [InlineData("expire")]
    [InlineData("move")]
    [InlineData("restart")]
    public async Task NextOfASerialKeyIsReadyWhenTheOneBeforeIsGone(string how)
    {
        await using var broker = await BrokerFixture.StartAsync();
        var first = await CreateAsync(broker, new { serial_key = "k", delay_seconds = 1000, expires_in_seconds = 100 });
        var second = await CreateAsync(broker, new { serial_key = "k" });
        Assert.Null(await broker.ClaimAsync());
        switch (how)
        {
            case "cancel":
                using (var said = await broker.BotAsync($"jobs/{first}/cancel", new { })) said.EnsureSuccessStatusCode();
                break;
            case "move":
                using (var said = await TimeTests.PatchAsync(broker, first, new { queue = "other" })) said.EnsureSuccessStatusCode();
                break;
            case "expire":
                await broker.AdvanceUntilAsync(TimeSpan.FromSeconds(100), first, static job => job.Status == "failed");
                break;
            default:
                await broker.StopAsync();
                broker.Clock.Advance(TimeSpan.FromSeconds(100));
                await broker.StartAgainAsync();
                await BrokerFixture.EventuallyAsync(async () => (await broker.GetAsync(first)).Status == "failed");
                break;
        }
        Assert.Equal(second, (await broker.ClaimSoonAsync()).Id);
    }

    [Fact]
    public async Task OlderJobThatComesBackWaitsForTheOneThatRuns()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var (first, second, third) = (await CreateAsync(broker, new { serial_key = "k" }), await CreateAsync(broker, new { serial_key = "k" }),
            await CreateAsync(broker, new { serial_key = "k" }));
        await RetryTests.FailAsync(broker, (await broker.ClaimAsync("anna"))!, new { error = "e" });
        var running = await broker.ClaimSoonAsync("anna");
        Assert.Equal(second, running.Id);
        using (var retried = await broker.BotAsync($"jobs/{first}/retry", new { })) retried.EnsureSuccessStatusCode();
        Assert.Null(await broker.ClaimAsync());
        using (var done = await broker.PostAsync($"jobs/{second}/result", running.LeaseToken, "anna", new { result = "r" })) done.EnsureSuccessStatusCode();
        Assert.Equal(first, (await broker.ClaimSoonAsync()).Id); // before the third, which was not ready yet
        Assert.Null(await broker.ClaimAsync());
        Assert.NotEqual(third, first);
    }

    /// <summary>A younger one was ready already.</summary>
    [Fact]
    public async Task OlderJobThatComesBackGoesBeforeTheOneThatWasReady()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var (first, second) = (await CreateAsync(broker, new { serial_key = "k" }), await CreateAsync(broker, new { serial_key = "k" }));
        await RetryTests.FailAsync(broker, (await broker.ClaimAsync("anna"))!, new { error = "e" });
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(broker.Query<long>($"select ready from job where id = '{second}'") == 1));
        using (var retried = await broker.BotAsync($"jobs/{first}/retry", new { })) retried.EnsureSuccessStatusCode();
        var claim = await broker.ClaimSoonAsync("anna");
        Assert.Equal(first, claim.Id);
        Assert.Null(await broker.ClaimAsync("bert"));
        using (var done = await broker.PostAsync($"jobs/{first}/result", claim.LeaseToken, "anna", new { result = "r" })) done.EnsureSuccessStatusCode();
        Assert.Equal(second, (await broker.ClaimSoonAsync("bert")).Id);
    }

    [Fact]
    public void LongChainOfASerialKeyCostsNoScan()
    {
        using var folder = new OpenClaw.Testing.TempFolder();
        using var database = Database.Open(folder.File("broker.db"));
        using var connection = database.Connect();
        var job = new Job { Id = default, Command = "c", SerialKey = "k" };
        foreach (var change in SerialKeys.After(job with { State = JobState.Done }, job))
        {
            var plan = string.Join('\n', Plan(connection, change.Sql));
            Assert.DoesNotContain("SCAN", plan, StringComparison.Ordinal);
            if (change.Sql.Contains("'running'", StringComparison.Ordinal)) Assert.Contains("job_serial_running", plan, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task UniqueJobIsFoundWhileItIsUnfinished()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var first = await AskAsync(broker, new { key = "k" });
        Assert.True((bool)first["created"]!);
        var second = await AskAsync(broker, new { key = "k" });
        Assert.Equal(((string?)first["id"], false, "queued"), ((string?)second["id"], (bool)second["created"]!, (string?)second["status"]));
        Assert.True((bool)(await AskAsync(broker, new { key = "other" }))["created"]!);
        Assert.True((bool)(await AskAsync(broker, new { key = "k" }, queue: "elsewhere"))["created"]!);
        var claim = (await broker.ClaimAsync("anna"))!;
        Assert.False((bool)(await AskAsync(broker, new { key = "k" }))["created"]!);
        using (var done = await broker.PostAsync($"jobs/{claim.Id}/result", claim.LeaseToken, "anna", new { result = "r" })) done.EnsureSuccessStatusCode();
        Assert.True((bool)(await AskAsync(broker, new { key = "k" }))["created"]!);
    }

    [Fact]
    public async Task UniqueWithoutAKeyMeansThePayloadAndAWindowOutlivesTheJob()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var first = await AskAsync(broker, new { within_seconds = 3000 });
        Assert.True((bool)(await AskAsync(broker, new { within_seconds = 3000 }, payload: "other"))["created"]!);
        foreach (var _ in Enumerable.Range(0, 2)) await RetryTests.FailAsync(broker, (await broker.ClaimAsync())!, new { error = "e" });
        var again = await AskAsync(broker, new { within_seconds = 3000 });
        Assert.Equal(((string?)first["id"], "failed", false), ((string?)again["id"], (string?)again["status"], (bool)again["created"]!));
        broker.Clock.SetWall(TimeSpan.FromDays(1)); // the window is no date
        Assert.False((bool)(await AskAsync(broker, new { within_seconds = 3000 }))["created"]!);
        await broker.RunForAsync(TimeSpan.FromMinutes(50));
        Assert.True((bool)(await AskAsync(broker, new { within_seconds = 3000 }))["created"]!);
    }

    [Fact]
    public async Task RejectAnswersWithTheHolder()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var first = await AskAsync(broker, new { key = "k" });
        using var refused = await broker.BotAsync("jobs", new { command = "ping", payload = "p", unique = new { key = "k", on_conflict = "reject" } });
        var problem = JsonNode.Parse(await refused.Content.ReadAsStringAsync())!;
        Assert.Equal((HttpStatusCode.Conflict, "duplicate", (string?)first["id"], "queued"),
            (refused.StatusCode, (string?)problem["code"], (string?)problem["id"], (string?)problem["state"]));
    }

    [Fact]
    public async Task ReplaceGivesTheWaitingOneTheNewPayloadAndTime()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var first = await AskAsync(broker, new { key = "k", on_conflict = "replace" }, payload: "1");
        var second = await AskAsync(broker, new { key = "k", on_conflict = "replace" }, payload: "2", delay: 60);
        Assert.Equal((string?)first["id"], (string?)second["id"]);
        Assert.Null(await broker.ClaimAsync());
        await broker.AdvanceUntilAsync(TimeSpan.FromSeconds(60), (string)first["id"]!, static job => job.State == "queued");
        Assert.Equal("2", (await broker.ClaimSoonAsync()).Payload);
        using var refused = await broker.BotAsync("jobs", new { command = "ping", payload = "3", unique = new { key = "k", on_conflict = "replace" } });
        Assert.Equal("duplicate", await RetryTests.CodeAsync(refused)); // it runs by now
    }

    [Fact]
    public async Task LatestIsKeptWhileOneRuns()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var latest = new { key = "k", on_conflict = "keep_latest" };
        var first = await AskAsync(broker, latest, payload: "1");
        var running = (await broker.ClaimAsync("anna"))!;
        Assert.Null(running.SerialKey);
        var second = await AskAsync(broker, latest, payload: "2");
        var third = await AskAsync(broker, latest, payload: "3");
        Assert.Equal((true, false), ((bool)second["created"]!, (bool)third["created"]!));
        Assert.Equal((string?)second["id"], (string?)third["id"]);
        Assert.NotEqual((string?)first["id"], (string?)second["id"]);
        Assert.Null(await broker.ClaimAsync("bert"));
        using (var done = await broker.PostAsync($"jobs/{running.Id}/result", running.LeaseToken, "anna", new { result = "r" })) done.EnsureSuccessStatusCode();
        var next = await broker.ClaimSoonAsync("bert");
        Assert.Equal(((string?)second["id"], "3"), (next.Id, next.Payload));
    }

    /// <summary>However its attempt ends: two never wait.</summary>
    [Theory]
    [InlineData("release", "{}")]
    [InlineData("fail", """{"error": "e"}""")]
    public async Task WhatWouldWaitAgainGivesWayToALaterOne(string verb, string body)
    {
        await using var broker = await BrokerFixture.StartAsync();
        var latest = new { key = "k", on_conflict = "keep_latest" };
        var job = new { command = "ping", payload = "1", max_attempts = 2, unique = latest };
        using (var made = await broker.BotAsync("jobs", job)) made.EnsureSuccessStatusCode();
        var running = (await broker.ClaimAsync("anna"))!;
        var second = await AskAsync(broker, latest, payload: "2");
        using var over = await broker.PostAsync($"jobs/{running.Id}/{verb}", running.LeaseToken, "anna", JsonNode.Parse(body)!);
        over.EnsureSuccessStatusCode();
        var first = await broker.GetAsync(running.Id);
        Assert.Equal(("cancelled", $"cancelled: job {second["id"]}, with the same unique key, came later"), (first.State, first.Error));
        Assert.Equal("2", (await broker.ClaimSoonAsync("bert")).Payload);
    }

    [Fact]
    public async Task HundredAtOnceMakeOne()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => AskAsync(broker, new { key = "k" })));
        Assert.Single(answers.Select(static a => (string?)a["id"]).Distinct());
        Assert.Single(answers, static a => (bool)a["created"]!);
        Assert.Equal(1, broker.Query<long>("select count(*) from job"));
    }

    [Fact]
    public async Task RetryOfAJobWhoseKeyIsTakenIsRefused()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var first = (string)(await AskAsync(broker, new { key = "k" }))["id"]!;
        await RetryTests.FailAsync(broker, (await broker.ClaimAsync())!, new { error = "e" });
        await AskAsync(broker, new { key = "k" });
        using (var refused = await broker.BotAsync($"jobs/{first}/retry", new { }))
        {
            Assert.Equal((HttpStatusCode.Conflict, "duplicate"), (refused.StatusCode, await RetryTests.CodeAsync(refused)));
        }
        await RetryTests.FailAsync(broker, (await broker.ClaimAsync())!, new { error = "e" });
        using (var retried = await broker.BotAsync($"jobs/{first}/retry", new { })) retried.EnsureSuccessStatusCode();
        Assert.Equal(first, (string?)(await AskAsync(broker, new { key = "k" }))["id"]);
    }

    /// <summary>An agent neither learns of others' jobs by a key nor changes them.</summary>
    [Theory]
    [InlineData("return")]
    [InlineData("replace")]
    [InlineData("keep_latest")]
    [InlineData("reject")]
    public async Task KeyOfSomebodyElsesJobSaysNothingOfIt(string conflict)
    {
        await using var broker = await Caller.StartAsync();
        var agent = await Caller.MakeAsync(broker, "agent-1", "agent", """ "commands": ["ping"] """);
        var others = (string)(await AskAsync(broker, new { key = "k" }, payload: "theirs"))["id"]!;
        var body = $$$"""{"command": "ping", "payload": "mine", "unique": {"key": "k", "on_conflict": "{{{conflict}}}"}}""";
        var refused = await agent.SendAsync(HttpMethod.Post, "jobs", body);
        Assert.Equal(HttpStatusCode.Conflict, refused.Status);
        Assert.Contains("somebody else's job", refused.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(others, refused.Text, StringComparison.Ordinal);
        Assert.Equal(("theirs", 1L), ((await broker.GetAsync(others)).Payload, broker.Query<long>("select count(*) from job")));
    }

    [Fact]
    public async Task KeyGoesWithItsJobIntoAnotherQueue()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var first = (string)(await AskAsync(broker, new { key = "k" }))["id"]!;
        using (var moved = await TimeTests.PatchAsync(broker, first, new { queue = "there" })) moved.EnsureSuccessStatusCode();
        Assert.Equal(first, (string?)(await AskAsync(broker, new { key = "k" }, queue: "there"))["id"]);
        var second = await AskAsync(broker, new { key = "k" }); // its old queue has room for another
        Assert.True((bool)second["created"]!);
        using var refused = await TimeTests.PatchAsync(broker, (string)second["id"]!, new { queue = "there" });
        Assert.Equal("duplicate", await RetryTests.CodeAsync(refused));
        Assert.Equal("default", (await broker.GetAsync((string)second["id"]!)).Queue);
    }

    [Fact]
    public async Task KeysThatNobodyHasAreDropped()
    {
        await using var broker = await BrokerFixture.StartAsync();
        foreach (var n in Enumerable.Range(0, 3)) await AskAsync(broker, new { key = $"k{n}" });
        await RetryTests.FailAsync(broker, (await broker.ClaimAsync())!, new { error = "e" });
        await broker.RunForAsync(TimeSpan.FromMinutes(20));
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(broker.Query<string>("select group_concat(key) from unique_key") == "k1,k2"));
    }

    internal static Task<string> CreateAsync(BrokerFixture broker, object fields)
    {
        var body = System.Text.Json.JsonSerializer.SerializeToNode(fields)!.AsObject();
        (body["command"], body["payload"]) = ("ping", "p");
        return RetryTests.CreateAsync(broker, body);
    }

    private static async Task<JsonNode> AskAsync(BrokerFixture broker, object unique, string payload = "p", string queue = "default", int delay = 0)
    {
        using var answer = await broker.BotAsync("jobs", new { command = "ping", payload, queue, delay_seconds = delay, unique });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
    }

    private static List<string> Plan(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"explain query plan {sql}";
        foreach (var n in Enumerable.Range(1, 2)) command.Parameters.AddWithValue($"?{n}", "x");
        using var reader = command.ExecuteReader();
        var steps = new List<string>();
        while (reader.Read()) steps.Add(reader.GetString(3));
        return steps;
    }
}
