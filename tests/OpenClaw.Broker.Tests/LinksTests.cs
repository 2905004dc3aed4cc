using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Tests;

/// <summary>Jobs that wait for others: parents, and batches.</summary>
public sealed partial class LinksTests
{
    [Fact]
    public async Task ChildWaitsForAllItsParentsAndItsWorkerGetsTheirResults()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var (first, second) = (await broker.CreateAsync("1"), await broker.CreateAsync("2"));
        var child = await CreateAsync(broker, new { priority = 1, depends_on = new[] { first, second } });
        var seen = await broker.GetAsync(child);
        Assert.Equal(("queued", "held", "parents"), (seen.Status, seen.State, Assert.Single(seen.Holds!).Kind));
        Assert.Equal([new ParentView(first), new ParentView(second)], seen.DependsOn);
        await ExplainTests.ExpectAsync(broker, child, "awaiting_parents", $"job {first}");
        await FinishNextAsync(broker, first, "r1");
        await BrokerFixture.EventuallyAsync(async () => (await ExplainTests.ExplainAsync(broker, child)).Blockers.Count == 1);
        Assert.Equal("held", (await broker.GetAsync(child)).State);
        await FinishNextAsync(broker, second, "r2");
        var claim = await broker.ClaimSoonAsync("anna");
        Assert.Equal(child, claim.Id);
        var parents = (await broker.Client("anna").GetParentsAsync(child, claim.LeaseToken)).Parents;
        Assert.Equal([new ParentResult(first, "done", "r1"), new ParentResult(second, "done", "r2")], parents);
        var stranger = await Assert.ThrowsAsync<Client.BrokerException>(() => broker.Client("anna").GetParentsAsync(child, "another token"));
        Assert.Equal((int)HttpStatusCode.Conflict, stranger.Status);
    }

    [Theory]
    [InlineData(null, "failed", "parent_failed")]
    [InlineData("fail", "failed", "parent_failed")]
    [InlineData("cancel", "cancelled", "cancelled")]
    [InlineData("run", "queued", "ready")]
    [InlineData("hold", "held", "held_by_person", "hold person")]
    public async Task WhatBecomesOfTheChildOfAFailedJobIsItsOwnToSay(string? policy, string state, string code, string? blocker = null)
    {
        await using var broker = await BrokerFixture.StartAsync();
        var parent = await broker.CreateAsync();
        var body = new { depends_on = new[] { policy is null ? (object)new { id = parent } : new { id = parent, if_failed = policy } } };
        var child = await CreateAsync(broker, body);
        await RetryTests.FailAsync(broker, (await broker.ClaimAsync("anna"))!, new { error = "e" });
        await BrokerFixture.EventuallyAsync(async () => (await ExplainTests.ExplainAsync(broker, child)).Code == code);
        await ExplainTests.ExpectAsync(broker, child, code, blocker);
        var late = await CreateAsync(broker, body); // that it had failed before changes nothing
        var seen = await broker.GetAsync(late);
        Assert.Equal(state, seen.State);
        if (policy == "hold") Assert.Equal($"parent {parent} failed", Assert.Single(seen.Holds!).Detail);
        if (state == "failed") Assert.Equal(($"parent {parent} failed", "dependency"), (seen.Error, Assert.Single(seen.Errors!).Kind));
        if (state == "cancelled") Assert.Equal($"cancelled: parent {parent} failed", seen.Error);
    }

    [Fact]
    public async Task ParentThatIsNoneIsRefused()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var nobody = Guid.NewGuid();
        foreach (var (wrong, path) in new (object, string)[]
        {
            (new[] { nobody.ToString() }, "depends_on.0"), (new object[] { 1 }, "depends_on.0"), (new[] { "x" }, "depends_on.0"), ("x", "depends_on"),
            (new object[] { new { id = nobody, if_failed = "sing" } }, "depends_on.0.if_failed"), (Enumerable.Repeat(nobody, 101).ToArray(), "depends_on"),
            (new[] { nobody, nobody }, "depends_on.1"),
        })
        {
            using var answer = await broker.BotAsync("jobs", new { command = "ping", payload = "p", depends_on = wrong });
            Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
            Assert.Contains(path.Replace(".", "\",\"", StringComparison.Ordinal), await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    /// <summary>Ids are in lower case; the same one written otherwise is none, and no second edge.</summary>
    [Fact]
    public async Task ParentInUpperCaseIsNone()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var parent = await broker.CreateAsync();
        using var answer = await broker.BotAsync("jobs", new { command = "ping", payload = "p", depends_on = new[] { parent, parent.ToUpperInvariant() } });
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
    }

    [Fact]
    public async Task AgentAddsToItsOwnBatchesAlone()
    {
        await using var broker = await Caller.StartAsync();
        var agent = await Caller.MakeAsync(broker, "agent-1", "agent", """ "commands": ["ping"] """);
        const string Body = """{"jobs": [{"command": "ping", "payload": ""}]}""";
        var (own, others) = ((await agent.PostAsync("jobs/batch", Body)).Json["batch"], (await Caller.Bot(broker).PostAsync("jobs/batch", Body)).Json["batch"]);
        Assert.Equal(HttpStatusCode.OK, (await agent.PostAsync("jobs", $$"""{"command": "ping", "payload": "", "batch": "{{own}}"}""")).Status);
        Assert.Equal("batch_ended", (await agent.PostAsync("jobs", $$"""{"command": "ping", "payload": "", "batch": "{{others}}"}""")).Code);
    }

    /// <summary>The failed job of a batch is done before what waits for the batch is held again: it must not wait for ever.</summary>
    [Fact]
    public async Task WhatWaitsAgainForABatchThatHasEndedHearsOfIt()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var answer = await BatchAsync(broker, new
        {
            jobs = new[] { new { command = "ping", payload = "1" } }, batch = new { on_success = new { command = "ping", payload = "yes" } },
        });
        var success = (string)answer["on_success"]!;
        await RetryTests.FailAsync(broker, await broker.ClaimSoonAsync("anna"), new { error = "e" });
        await BrokerFixture.EventuallyAsync(async () => (await broker.GetAsync(success)).State == "cancelled");
        using (var retried = await broker.BotAsync($"jobs/{answer["jobs"]![0]!["id"]}/retry", new { })) retried.EnsureSuccessStatusCode();
        await FinishNextAsync(broker, null, "r");
        await broker.Services.GetRequiredService<Jobs.JobCalls>().ApplyAsync(Guid.Parse(success),
            new Jobs.Retried(broker.NowMs, "bot") { Batch = Guid.Parse((string)answer["batch"]!) });
        Assert.Equal(success, (await broker.ClaimSoonAsync("anna")).Id);
    }

    /// <summary>Between a parent's end and its child's news there is a moment; a kill in it loses nothing, and twice told is once.</summary>
    [Fact]
    public async Task ChildHearsOfItsParentsEndAfterAKill()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var parent = await broker.CreateAsync();
        var child = await CreateAsync(broker, new { depends_on = new[] { parent } });
        var isCutOff = true;
        broker.OnCall = call => isCutOff && call.Request.GetArgumentCount() > 0 && call.Request.GetArgument(0) is Jobs.ParentEnded
            ? Task.FromException(new TimeoutException("lost")) : call.Invoke();
        await FinishNextAsync(broker, parent, "r");
        Assert.Equal("held", (await broker.GetAsync(child)).State);
        await using var after = await broker.KilledHereAsync();
        Assert.Equal(child, (await after.ClaimSoonAsync()).Id);
        isCutOff = false;
        await BrokerFixture.EventuallyAsync(async () =>
        {
            broker.Clock.Advance(TimeSpan.FromSeconds(5)); // tried again also without a restart
            return (await broker.GetAsync(child)).State == "queued";
        });
    }

    [Fact]
    public async Task NeededJobStaysUntilItsChildrenHaveEnded()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var parent = await broker.CreateAsync();
        var child = await CreateAsync(broker, new { depends_on = new[] { parent } });
        await FinishNextAsync(broker, parent, "r");
        Assert.Equal((HttpStatusCode.Conflict, "needed"), await DeleteAsync(broker, parent));
        await FinishNextAsync(broker, child, "r");
        Assert.Equal((HttpStatusCode.OK, null), await DeleteAsync(broker, parent));
        Assert.Equal((HttpStatusCode.OK, null), await DeleteAsync(broker, child));
    }

    [Fact]
    public async Task RetryWithChildrenDoesThoseAgainThatEndedThroughIt()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var parent = await broker.CreateAsync();
        var child = await CreateAsync(broker, new { depends_on = new[] { parent } });
        var grandchild = await CreateAsync(broker, new { depends_on = new[] { new { id = child, if_failed = "cancel" } } });
        var other = await CreateAsync(broker, new { depends_on = new[] { parent } });
        using (var cancel = await broker.BotAsync($"jobs/{other}/cancel", new { })) cancel.EnsureSuccessStatusCode();
        await RetryTests.FailAsync(broker, (await broker.ClaimAsync("anna"))!, new { error = "e" });
        await BrokerFixture.EventuallyAsync(async () => (await broker.GetAsync(grandchild)).State == "cancelled");
        using (var retried = await broker.BotAsync($"jobs/{parent}/retry", new { children = true }))
        {
            Assert.Equal([child, grandchild], (await retried.Content.ReadFromJsonAsync<JsonObject>())!["children"]!.AsArray().Select(static n => (string)n!));
        }
        Assert.Equal(("held", 2), ((await broker.GetAsync(child)).State, (await broker.GetAsync(child)).Round));
        Assert.Equal("cancelled", (await broker.GetAsync(other)).State); // somebody else's doing
        await FinishNextAsync(broker, parent, "r");
        await FinishNextAsync(broker, child, "r");
        await FinishNextAsync(broker, grandchild, "r");
    }

    private static Task<string> CreateAsync(BrokerFixture broker, object fields) => OnceTests.CreateAsync(broker, fields);

    private static async Task<JsonObject> BatchAsync(BrokerFixture broker, object body)
    {
        using var answer = await broker.BotAsync("jobs/batch", body);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<JsonObject>())!;
    }

    private static async Task<JobView> FinishNextAsync(BrokerFixture broker, string? id, string result)
    {
        var job = await broker.ClaimSoonAsync("anna");
        if (id is not null) Assert.Equal(id, job.Id);
        await broker.Client("anna").FinishAsync(job.Id, job.LeaseToken, result);
        return job;
    }

    private static async Task<(HttpStatusCode Status, string? Code)> DeleteAsync(BrokerFixture broker, string id)
    {
        using var answer = await broker.BotAsync(HttpMethod.Delete, $"jobs/{id}", null);
        return (answer.StatusCode, (string?)(await answer.Content.ReadFromJsonAsync<JsonObject>())!["code"]);
    }
}
