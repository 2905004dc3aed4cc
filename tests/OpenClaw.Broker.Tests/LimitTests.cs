using System.Net;
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

    /// <summary>A moment that has passed is none to wait for.</summary>
    [Fact]
    public void GateNamesOnlyMomentsToCome()
    {
        var gate = new Queues.QueueGate();
        gate.Take(new Queues.QueueLimit(1, 1, 60_000));
        gate.Start(new Time.SteadyTime(0));
        Assert.True(gate.IsClosed(0, 0, new Time.SteadyTime(10_000)));
        Assert.Equal(new Time.SteadyTime(60_000), gate.OpensAt);
        Assert.True(gate.IsClosed(1, 0, new Time.SteadyTime(70_000))); // full, whatever the rate says
        Assert.Null(gate.OpensAt);
        Assert.True(gate.HasOpened(0, 0, new Time.SteadyTime(70_000)));
        gate.Start(new Time.SteadyTime(70_000));
        Assert.True(gate.IsClosed(0, 0, new Time.SteadyTime(80_000)));
        gate.Take(null);
        Assert.Null(gate.OpensAt);
    }

    [Theory]
    [InlineData("""{}""", "limits")]
    [InlineData("""{"limits": [{}]}""", "max_running")]
    [InlineData("""{"limits": [{"starts": 5}]}""", "per_seconds")]
    [InlineData("""{"limits": [{"max_running": -1}]}""", "max_running")]
    [InlineData("""{"limits": [{"by": "command", "max_running": 1}]}""", "by")]
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

    private static async Task LimitAsync(BrokerFixture broker, string limits)
    {
        var answer = await Caller.Bot(broker).SendAsync(HttpMethod.Patch, "queues/default", $$"""{"limits": {{limits}}}""");
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Text);
    }

    private static async Task FinishAsync(BrokerFixture broker)
    {
        var job = (await broker.ClaimAsync("w"))!;
        await broker.Client("w").FinishAsync(job.Id, job.LeaseToken, "r");
    }
}
