using System.Net;
using OpenClaw.Broker.Queues;
using OpenClaw.Broker.Time;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Tests;

/// <summary>How many jobs of a queue may run, and start.</summary>
public sealed class LimitTests
{
    [Fact]
    public async Task NoMoreThanSoManyRunAndTheNextComesWithAnEnd()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var ids = new List<string>();
        for (var n = 0; n < 4; n++) ids.Add(await broker.CreateAsync($"{n}"));
        await LimitAsync(broker, """[{"max_running": 2}]""");
        var first = (await broker.ClaimAsync("w"))!;
        await broker.ClaimAsync("w");
        Assert.Null(await broker.ClaimAsync("w"));
        await ExplainTests.ExpectAsync(broker, ids[2], "limit_reached", "queue default");
        await broker.StopAsync();
        await broker.StartAgainAsync();
        Assert.Null(await broker.ClaimAsync("w")); // those that run are counted anew
        var waits = broker.Client("w").ClaimAsync("c", TimeSpan.FromSeconds(60));
        await broker.Client("w").FinishAsync(first.Id, first.LeaseToken, "r");
        Assert.Equal(ids[2], (await waits)!.Id);
        Assert.Null(await broker.ClaimAsync("w"));
        var limit = Assert.Single(Assert.Single((await broker.Client().ListQueuesAsync()).Queues).Limits!);
        Assert.Equal(new LimitView("queue", "default", 2, null, null), limit);
        waits = broker.Client("w").ClaimAsync("d", TimeSpan.FromSeconds(60));
        await LimitAsync(broker, "[]");
        Assert.Equal(ids[3], (await waits)!.Id);
    }

    [Fact]
    public async Task NoMoreThanSoManyStartInATime()
    {
        await using var broker = await BrokerFixture.StartAsync();
        for (var n = 0; n < 6; n++) await broker.CreateAsync($"{n}");
        await LimitAsync(broker, """[{"starts": 2, "per_seconds": 60}]""");
        await FinishAsync(broker);
        broker.Clock.Advance(TimeSpan.FromSeconds(20));
        await FinishAsync(broker);
        Assert.Null(await broker.ClaimAsync("w"));
        await broker.StopAsync();
        await broker.StartAgainAsync();
        Assert.Null(await broker.ClaimAsync("w")); // the table tells what has started
        var waits = broker.Client("w").ClaimAsync("c", TimeSpan.FromSeconds(60));
        broker.Clock.Advance(TimeSpan.FromSeconds(39));
        Assert.Null(await broker.ClaimAsync("v"));
        await BrokerFixture.EventuallyAsync(() =>
        {
            broker.Clock.Advance(TimeSpan.FromMilliseconds(100));
            return Task.FromResult(waits.IsCompleted);
        });
        Assert.NotNull(await waits); // a minute after the first
        Assert.Null(await broker.ClaimAsync("w"));
    }

    /// <summary>What is limited holds up nothing else of its queue.</summary>
    [Fact]
    public async Task CommandAndRequesterAreLimitedByThemselves()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var builds = new List<string>();
        for (var n = 0; n < 2; n++) builds.Add(await CreateAsync(broker, "build", null));
        var annas = new List<string>();
        for (var n = 0; n < 2; n++) annas.Add(await CreateAsync(broker, "ping", "anna"));
        var bert = await CreateAsync(broker, "ping", "bert");
        await LimitAsync(broker, """[{"by": "command", "value": "build", "max_running": 1}, {"by": "requester", "max_running": 1}]""");
        var claimed = new List<JobView>();
        while (await broker.ClaimAsync("w") is { } job) claimed.Add(job);
        Assert.Equal(new[] { builds[0], annas[0], bert }.Order(), claimed.Select(static j => j.Id).Order());
        await ExplainTests.ExpectAsync(broker, builds[1], "limit_reached", "command build");
        await ExplainTests.ExpectAsync(broker, annas[1], "limit_reached", "requester anna");
        await broker.StopAsync();
        await broker.StartAgainAsync();
        Assert.Null(await broker.ClaimAsync("w")); // those that run are counted anew
        var waits = broker.Client("w").ClaimAsync("c", TimeSpan.FromSeconds(60));
        var first = claimed.Single(j => j.Id == annas[0]);
        await broker.Client("w").FinishAsync(first.Id, first.LeaseToken, "r");
        Assert.Equal(annas[1], (await waits)!.Id);
        Assert.Null(await broker.ClaimAsync("w"));
        var limits = Assert.Single((await broker.Client().ListQueuesAsync()).Queues).Limits!;
        Assert.Equal([new LimitView("command", "build", 1, null, null), new LimitView("requester", null, 1, null, null)], limits);
        await LimitAsync(broker, "[]");
        Assert.Equal(builds[1], (await broker.ClaimAsync("w"))!.Id);
    }

    [Fact]
    public async Task StartsOfACommandAreCountedFromTheTableAfterAStart()
    {
        await using var broker = await BrokerFixture.StartAsync();
        for (var n = 0; n < 3; n++) await CreateAsync(broker, "build", null);
        await LimitAsync(broker, """[{"by": "command", "starts": 2, "per_seconds": 60}]""");
        await FinishAsync(broker);
        await FinishAsync(broker);
        var ping = await CreateAsync(broker, "ping", null);
        await broker.StopAsync();
        await broker.StartAgainAsync();
        Assert.Equal(ping, (await broker.ClaimAsync("w"))!.Id);
        Assert.Null(await broker.ClaimAsync("w"));
        broker.Clock.Advance(TimeSpan.FromSeconds(61));
        Assert.NotNull(await broker.ClaimAsync("w"));
    }

    [Fact]
    public async Task LimitThatTheCallerHasNotSeenIsNotOverwritten()
    {
        await using var broker = await BrokerFixture.StartAsync();
        await LimitAsync(broker, """[{"max_running": 1}]""");
        var version = Assert.Single((await broker.Client().ListQueuesAsync()).Queues).Version;
        const string Body = """{"limits": [{"max_running": 2}]}""";
        var answer = await Caller.Bot(broker).SendAsync(HttpMethod.Patch, "queues/default", Body, $"If-Match: {version - 1}");
        Assert.Equal((HttpStatusCode.PreconditionFailed, ErrorCodes.Changed), (answer.Status, answer.Code));
        answer = await Caller.Bot(broker).SendAsync(HttpMethod.Patch, "queues/default", Body, $"If-Match: {version}");
        Assert.Equal((HttpStatusCode.OK, version + 1), (answer.Status, (long)answer.Json["version"]!));
        Assert.Equal(2, Assert.Single(Assert.Single((await broker.Client().ListQueuesAsync()).Queues).Limits!).MaxRunning);
    }

    /// <summary>A moment that has passed is none to wait for.</summary>
    [Fact]
    public void GateNamesOnlyMomentsToCome()
    {
        var gate = new QueueGate();
        gate.Take(new QueueLimit(LimitBy.Queue, null, 1, 1, 60_000));
        gate.Start(new SteadyTime(0));
        Assert.True(gate.IsClosed(0, 0, new SteadyTime(10_000)));
        Assert.Equal(new SteadyTime(60_000), gate.OpensAt);
        Assert.True(gate.IsClosed(1, 0, new SteadyTime(70_000))); // full, whatever the rate says
        Assert.Null(gate.OpensAt);
        Assert.False(gate.IsClosed(0, 0, new SteadyTime(70_000)));
        gate.Start(new SteadyTime(70_000));
        Assert.True(gate.IsClosed(0, 0, new SteadyTime(80_000)));
        gate.Take(null);
        Assert.Null(gate.OpensAt);
    }

    [Theory]
    [InlineData("""{}""", "limits")]
    [InlineData("""{"limits": [{}]}""", "max_running")]
    [InlineData("""{"limits": [{"starts": 5}]}""", "per_seconds")]
    [InlineData("""{"limits": [{"max_running": -1}]}""", "max_running")]
    [InlineData("""{"limits": [{"by": "worker", "max_running": 1}]}""", "by")]
    [InlineData("""{"limits": [{"by": "command", "value": "", "max_running": 1}]}""", "value")]
    [InlineData("""{"limits": [{"by": "command", "value": 5, "max_running": 1}]}""", "value")]
    [InlineData("""{"limits": [{"value": "other", "max_running": 1}]}""", "value")]
    [InlineData("""{"limits": [{"max_running": 1}, {"max_running": 2}]}""", "limits")]
    [InlineData("""{"limits": [5]}""", "limits")]
    public async Task WrongLimitIsRefused(string body, string named)
    {
        await using var broker = await BrokerFixture.StartAsync();
        var answer = await Caller.Bot(broker).SendAsync(HttpMethod.Patch, "queues/default", body);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Contains(named, answer.Text, StringComparison.Ordinal);
    }

    internal static async Task LimitAsync(BrokerFixture broker, string limits)
    {
        var answer = await Caller.Bot(broker).SendAsync(HttpMethod.Patch, "queues/default", $$"""{"limits": {{limits}}}""");
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Text);
    }

    private static async Task<string> CreateAsync(BrokerFixture broker, string command, string? requester)
    {
        var named = requester is null ? "" : $", \"requester\": \"{requester}\"";
        var answer = await Caller.Bot(broker).SendAsync(HttpMethod.Post, "jobs", $$"""{"command": "{{command}}", "payload": ""{{named}}}""");
        return (string)answer.Json["id"]!;
    }

    private static async Task FinishAsync(BrokerFixture broker)
    {
        var job = (await broker.ClaimAsync("w"))!;
        await broker.Client("w").FinishAsync(job.Id, job.LeaseToken, "r");
    }
}
