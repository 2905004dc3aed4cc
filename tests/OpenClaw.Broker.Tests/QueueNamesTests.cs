using System.Net;
using Microsoft.Extensions.DependencyInjection;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Queues;
using OpenClaw.Contracts;
using OpenClaw.Testing;

namespace OpenClaw.Broker.Tests;

/// <summary>Queues as people see them: listed, and deleted.</summary>
public sealed class QueueNamesTests
{
    [Fact]
    public async Task AgeOfTheOldestReadyJobIsThatOfItsCreation()
    {
        await using var broker = await BrokerFixture.StartAsync();
        await broker.Client().CreateAsync(new CreateJob("ping", "p") { Priority = 1 });
        broker.Clock.Advance(TimeSpan.FromSeconds(7));
        Assert.Equal(7, Assert.Single((await broker.Client().ListQueuesAsync()).Queues).OldestReadySeconds);
    }

    [Fact]
    public async Task QueueIsDeletedWithItsSettingsOnceNothingInItIsUnfinished()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var bot = Caller.Bot(broker);
        var id = (string)(await bot.PostAsync("jobs", """{"command": "ping", "payload": "", "queue": "old"}""")).Json["id"]!;
        Assert.Equal(HttpStatusCode.OK, (await bot.PostAsync("queues/old/pause", """{"reason": "x"}""")).Status);
        var kept = await bot.DeleteAsync("queues/old");
        Assert.Equal((HttpStatusCode.Conflict, ErrorCodes.QueueInUse), (kept.Status, kept.Code));
        Assert.Equal(ErrorCodes.QueueInUse, (await bot.DeleteAsync("queues/default")).Code);
        await broker.Client().CancelAsync(id);
        Assert.Equal(HttpStatusCode.OK, (await bot.DeleteAsync("queues/old")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await bot.DeleteAsync("queues/old")).Status);
        Assert.DoesNotContain((await broker.Client().ListQueuesAsync()).Queues, q => q.Name == "old");
        await broker.StopAsync();
        await broker.StartAgainAsync();
        Assert.DoesNotContain((await broker.Client().ListQueuesAsync()).Queues, q => q.Name == "old");
        await bot.PostAsync("jobs", """{"command": "ping", "payload": "", "queue": "old"}""");
        Assert.Null((await broker.Client().ListQueuesAsync()).Queues.Single(q => q.Name == "old").Paused);
        Assert.NotNull((await Caller.Worker(broker).GetAsync("jobs/next", "X-Worker-Queues: old")).Json["job"]);
    }

    [Fact]
    public async Task WhoWaitsForAQueueThatIsNotThereYetHasItsFirstJobAtOnce()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var waiting = Caller.Worker(broker).GetAsync("jobs/next?wait=30", "X-Worker-Queues: fresh");
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(broker.Services.GetRequiredService<ClaimWaiters>().HasAny("fresh")));
        await Caller.Bot(broker).PostAsync("jobs", """{"command": "ping", "payload": "", "queue": "fresh"}""");
        Assert.NotNull((await waiting.WaitAsync(Broken.After)).Json["job"]); // the clock stands still: nobody looks again by himself
    }

    /// <summary>A job whose create had looked before the queue was deleted, and was written after it.</summary>
    [Fact]
    public async Task JobThatComesAsItsQueueIsDeletedNamesItAgain()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var bot = Caller.Bot(broker);
        await bot.PostAsync("jobs", """{"command": "ping", "payload": "", "queue": "old"}""");
        var first = (string)(await Caller.Worker(broker).GetAsync("jobs/next", "X-Worker-Queues: old")).Json["job"]!["id"]!;
        await Caller.Worker(broker).PostAsync($"jobs/{first}/result", """{"result": "r"}""");
        var calls = broker.Services.GetRequiredService<JobCalls>();
        Assert.True(await calls.DropQueueAsync("old", "bot"));
        var job = (await broker.Store.InsertAsync(new Job { Id = Guid.NewGuid(), Version = 1, Command = "ping", Queue = "old", CreatedAt = 1 }, [], null,
            isNewQueue: false)).Job!; // as a create that found the name
        await calls.ApplyAsync(job.Id, new Edited(1, "bot", new JobEdit { Tags = ["told"] }));
        Assert.Equal($"{job.Id}", (string)(await Caller.Worker(broker).GetAsync("jobs/next", "X-Worker-Queues: old")).Json["job"]!["id"]!);
        Assert.Contains("old", await broker.Store.ReadQueueNamesAsync());
    }
}
