using System.Net;
using Microsoft.Extensions.DependencyInjection;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Testing;

namespace OpenClaw.Broker.Tests;

/// <summary>What workers tell of themselves, and what they are told.</summary>
public sealed class WorkerControlTests
{
    [Fact]
    public async Task DrainedWorkerGetsNoMoreJobsAlsoAfterARestartUntilItIsResumed()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var (running, waiting) = (await broker.CreateAsync("1"), await broker.CreateAsync("2"));
        Assert.Equal(running, (await broker.ClaimAsync("anna"))!.Id);
        Assert.True((await broker.Client().DrainWorkerAsync("anna", drain: true, "new disk")).Draining);
        Assert.Null(await broker.ClaimAsync("anna"));
        await broker.StopAsync();
        await broker.StartAgainAsync();
        Assert.Null(await broker.ClaimAsync("anna"));
        var seen = Assert.Single((await broker.Client().ListWorkersAsync()).Workers);
        Assert.Equal(("bot", "new disk", running), (seen.Draining!.By, seen.Draining.Reason, Assert.Single(seen.Running)));
        await ExplainTests.ExpectAsync(broker, waiting, "workers_draining", "worker anna");
        Assert.True((await broker.Client("anna").GetOrdersAsync(null, TimeSpan.Zero)).Drain);
        var poll = broker.Client("anna").ClaimAsync("c", TimeSpan.FromSeconds(60));
        var waiters = broker.Services.GetRequiredService<Queues.ClaimWaiters>();
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(waiters.HasAny("default")));
        Assert.False((await broker.Client().DrainWorkerAsync("anna", drain: false)).Draining);
        Assert.Equal(waiting, (await poll)!.Id);
        var nobody = await Assert.ThrowsAsync<BrokerException>(() => broker.Client().DrainWorkerAsync("nobody", drain: true));
        Assert.Equal((int)HttpStatusCode.NotFound, nobody.Status);
    }

    [Fact]
    public async Task WorkerHearsAtOnceWhatItIsToStop()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var (first, second) = (await broker.CreateAsync("1"), await broker.CreateAsync("2"));
        await broker.ClaimAsync("anna");
        await broker.ClaimAsync("bert");
        var orders = await broker.Client("anna").GetOrdersAsync(null, TimeSpan.FromSeconds(60)); // who asks for the first time is answered
        Assert.Equal((0, false), (orders.Cancel.Count, orders.Drain));
        var hears = HearAsync(static said => said.Cancel.Count > 0);
        await broker.Client().CancelAsync(second); // bert's
        await broker.Client().CancelAsync(first);
        Assert.Equal([first], (await hears).Cancel);
        hears = HearAsync(static said => said.Drain);
        await broker.Client().DrainWorkerAsync("anna", drain: true);
        await hears;
        hears = HearAsync(static said => !said.Drain);
        await broker.Client("anna").FailAsync(first, (await broker.Store.FindAsync(Guid.Parse(first)))!.LeaseToken, "cancelled");
        await broker.Client().DrainWorkerAsync("anna", drain: false);
        Assert.Empty((await hears).Cancel);
        hears = broker.Client("anna").GetOrdersAsync(orders.Seq, TimeSpan.FromSeconds(30));
        await BrokerFixture.EventuallyAsync(() =>
        {
            broker.Clock.Advance(TimeSpan.FromSeconds(30));
            return Task.FromResult(hears.IsCompleted);
        });
        Assert.Equal(orders.Seq, (await hears).Seq);
        await broker.Client().DrainWorkerAsync("anna", drain: true);
        await HearAsync(static said => said.Drain);
        await broker.Client().DrainWorkerAsync("anna", drain: false); // before she asks again
        Assert.False((await broker.Client("anna").GetOrdersAsync(orders.Seq, TimeSpan.FromSeconds(60))).Drain);

        // What is said while it is being noted may be said once more.
        async Task<WorkerOrders> HearAsync(Func<WorkerOrders, bool> isIt)
        {
            do orders = await broker.Client("anna").GetOrdersAsync(orders.Seq, TimeSpan.FromSeconds(60));
            while (!isIt(orders));
            return orders;
        }
    }

    [Fact]
    public async Task WorkerIsOfferedTheCommandsItNames()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var (ping, π) = (await CreateAsync(broker, "ping"), await CreateAsync(broker, "π,\n"));
        var other = await CreateAsync(broker, "other");
        Assert.Null(await Worker(broker, "anna").ClaimAsync("a", TimeSpan.Zero));
        Assert.Equal(π, (await Worker(broker, "anna", "make", "π,\n").ClaimAsync("b", TimeSpan.Zero))!.Id);
        Assert.Equal(ping, (await Worker(broker, "anna", "ping").ClaimAsync("c", TimeSpan.Zero))!.Id);
        Assert.Null(await Worker(broker, "anna", "ping").ClaimAsync("d", TimeSpan.Zero));
        await ExplainTests.ExpectAsync(broker, other, "no_worker_for_command", "command other");
        var waits = Worker(broker, "bert", "late").ClaimAsync("e", TimeSpan.FromSeconds(60));
        var waiters = broker.Services.GetRequiredService<Queues.ClaimWaiters>();
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(waiters.HasAny("default")));
        await CreateAsync(broker, "other");
        Assert.Equal(await CreateAsync(broker, "late"), (await waits)!.Id);
        foreach (var wrong in (string[])["[5]", "[\"\"]", "[\"a\"", "a" + new string('b', 256), "[" + string.Join(',', Enumerable.Range(0, 1001)
            .Select(static n => $"\"{n}\"")) + "]"])
        {
            var answer = await Caller.Worker(broker).GetAsync("jobs/next", $"{HeaderNames.WorkerCommands}: {wrong}");
            Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        }
    }

    /// <summary>Who names no commands does what the Python runner does, and what nobody else has said to serve.</summary>
    [Fact]
    public async Task WorkerThatNamesNoneIsNotOfferedWhatAnotherServes()
    {
        await using var broker = await BrokerFixture.StartAsync();
        await broker.Client("anna").TellAsync(new WorkerBody("1", [new ServedCommand("deploy"), new ServedCommand("ping"), new ServedCommand("both")]));
        await broker.Client("cleo").TellAsync(new WorkerBody("1", [new ServedCommand("both")]));
        var (deploy, ping) = (await CreateAsync(broker, "deploy"), await CreateAsync(broker, "ping"));
        var (both, free) = (await CreateAsync(broker, "both"), await CreateAsync(broker, "free"));
        Assert.Equal([ping, free], [await DoAsync("bert"), await DoAsync("bert")]);
        Assert.Null(await broker.ClaimAsync("bert"));
        await broker.StopAsync();
        await broker.StartAgainAsync();
        Assert.Null(await broker.ClaimAsync("bert"));
        await ExplainTests.ExpectAsync(broker, deploy, "no_worker_for_command", "command deploy");
        Assert.Equal(deploy, await DoAsync("anna"));
        Assert.Null(await broker.ClaimAsync("anna"));
        broker.Clock.Advance(TimeSpan.FromDays(30)); // not told again since
        Assert.Equal(both, await DoAsync("bert"));

        async Task<string> DoAsync(string worker)
        {
            var job = (await broker.ClaimAsync(worker))!;
            await broker.Client(worker).FinishAsync(job.Id, job.LeaseToken, "r");
            return job.Id;
        }
    }

    [Fact]
    public async Task ListSaysHowOftenAWorkerWentSilentAndHowItsClockStands()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await broker.CreateAsync();
        await broker.ClaimAsync("anna");
        await broker.AdvanceUntilAsync(TimeSpan.FromSeconds(60), id, static job => job.Status == JobStatuses.Queued);
        using var tells = new HttpRequestMessage(HttpMethod.Put, new Uri(broker.Url, "workers/me"));
        tells.Content = new StringContent("""{"version": "1", "commands": []}""", System.Text.Encoding.UTF8, "application/json");
        tells.Headers.Add(HeaderNames.WorkerToken, BrokerProcess.WorkerToken);
        tells.Headers.Add(HeaderNames.WorkerId, "anna");
        tells.Headers.Date = broker.Clock.GetUtcNow() + TimeSpan.FromSeconds(90);
        Assert.Equal(HttpStatusCode.OK, (await broker.Http.SendAsync(tells)).StatusCode);
        var anna = Assert.Single((await broker.Client().ListWorkersAsync()).Workers);
        Assert.Equal((1, 90), (anna.LostLeases, anna.ClockOffsetSeconds));
    }

    [Fact]
    public async Task CommandsAreWhatWorkersTold()
    {
        await using var broker = await Caller.StartAsync();
        await broker.Client("anna").TellAsync(new WorkerBody("1.2", [new ServedCommand("ping", "answers"), new ServedCommand("deploy")]));
        await broker.Client("bert").TellAsync(new WorkerBody("1.3", [new ServedCommand("ping")]));
        var commands = (await broker.Client().ListCommandsAsync()).Commands;
        Assert.Equal(["deploy:anna", "ping:anna,bert"], commands.Select(static c => $"{c.Name}:{string.Join(",", c.Workers)}"));
        await broker.StopAsync();
        await broker.StartAgainAsync();
        Assert.Equal(2, (await broker.Client().ListCommandsAsync()).Commands.Count);
        var anna = (await broker.Client().ListWorkersAsync()).Workers.Single(static w => w.Id == "anna");
        Assert.Equal(("1.2", "ping,deploy"), (anna.Version, string.Join(",", anna.Commands)));
        var agent = await Caller.MakeAsync(broker, "agent-1", "agent", """ "commands": ["pin*"] """);
        Assert.Equal("ping", (string)Assert.Single((await agent.GetAsync("commands")).Json["commands"]!.AsArray())!["name"]!);
        broker.Clock.Advance(TimeSpan.FromDays(31));
        await broker.Client("bert").TellAsync(new WorkerBody("1.3", []));
        Assert.Empty((await broker.Client().ListCommandsAsync()).Commands);
    }

    [Theory]
    [InlineData("""{"commands": {}}""", "commands")]
    [InlineData("""{"commands": [5]}""", "commands")]
    [InlineData("""{"commands": [{"name": ""}]}""", "name")]
    [InlineData("""{"commands": [{"name": "a", "approval": "yes"}]}""", "approval")]
    [InlineData("""{"commands": [], "version": 5}""", "version")]
    public async Task WrongTaleIsRefused(string body, string named)
    {
        await using var broker = await BrokerFixture.StartAsync();
        var told = await Caller.Worker(broker).SendAsync(HttpMethod.Put, "workers/me", body, "X-Worker-Id: anna");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, told.Status);
        Assert.Contains(named, told.Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await Caller.Worker(broker).SendAsync(HttpMethod.Put, "workers/me", body)).Status); // without a name
    }

    private static async Task<string> CreateAsync(BrokerFixture broker, string command) => (await broker.Client().CreateAsync(new CreateJob(command, "p"))).Id;

    private static BrokerClient Worker(BrokerFixture broker, string id, params string[] commands) => new(new HttpClient(), broker.Url,
        new BrokerCredentials { WorkerToken = BrokerProcess.WorkerToken, WorkerId = id, Commands = commands }, TimeProvider.System);
}
