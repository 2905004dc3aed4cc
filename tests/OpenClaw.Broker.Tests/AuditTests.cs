using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using OpenClaw.Broker.Storage.Sqlite;

namespace OpenClaw.Broker.Tests;

/// <summary>What people and tokens did, chained so that nobody changes it unseen.</summary>
public sealed class AuditTests
{
    [Fact]
    public async Task WhatPeopleAndTokensDidIsListedWithWhoDidIt()
    {
        await using var broker = await Caller.StartAsync();
        var phone = await Caller.MakeAsync(broker, "phone", "bot");
        var id = await phone.CreateAsync();
        await Caller.Bot(broker).PostAsync("queues/default/pause", """{"reason": "night"}""");
        await Caller.Bot(broker).PostAsync("queues/default/resume");
        await phone.PostAsync($"jobs/{id}/cancel");
        await new Caller(broker, "X-Bot-Token", "wrong").GetAsync("jobs");
        await Caller.Admin(broker).DeleteAsync("tokens/phone");
        var links = (await Caller.Admin(broker).GetAsync("audit")).Json["audit"]!.AsArray();
        var entries = links.Reverse().SelectMany(static l => l!["entries"]!.AsArray())
            .Select(static e => $"{e!["actor"]} {e["action"]} {e["target"]}").ToList();
        Assert.Equal([
            "admin token.create phone", $"phone job.create {id}", "bot queue.pause default", "bot queue.resume default", $"phone job.cancel {id}",
            "unknown token.refused GET /jobs", "admin token.revoke phone"], entries);
        Assert.DoesNotContain("wrong", links.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ManyAtOnceMakeOneChain()
    {
        await using var broker = await Caller.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => broker.CreateAsync()));
        var head = (string)(await VerifyAsync(broker))["head"]!;
        await broker.StartAgainAsync();
        await broker.CreateAsync();
        var verified = await VerifyAsync(broker, head);
        Assert.True((bool)verified["ok"]!);
        Assert.True((long)verified["links"]! < 202);
        Assert.Equal(201, broker.Query<long>("select sum(json_array_length(entries)) from audit"));
    }

    [Theory]
    [InlineData("update audit set entries = replace(entries, 'bot', 'bob') where n = 2", "link 2 was changed")]
    [InlineData("delete from audit where n = 2", "link 2 is missing")]
    [InlineData("update audit set hash = zeroblob(32) where n = 2", "link 2 was changed")]
    [InlineData("delete from audit where n >= 3", "no link has the given head")]
    public async Task ChangedAuditIsFoundOut(string change, string found)
    {
        await using var broker = await Caller.StartAsync();
        for (var n = 0; n < 4; n++) await broker.CreateAsync();
        var head = (string)(await VerifyAsync(broker))["head"]!;
        Assert.True((bool)(await VerifyAsync(broker, head))["ok"]!);
        using (var file = MigrationTests.Open(broker.DatabasePath)) file.Execute(change);
        var verified = await VerifyAsync(broker, head);
        Assert.False((bool)verified["ok"]!);
        Assert.Contains(found, (string)verified["broken"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OldEntriesGoAndTheChainStaysWhole()
    {
        await using var broker = await Caller.StartAsync(static o => o with { AuditDays = 2 });
        for (var n = 0; n < 3; n++) await broker.CreateAsync();
        broker.Clock.Advance(TimeSpan.FromDays(3));
        await broker.CreateAsync();
        broker.Clock.Advance(TimeSpan.FromHours(1));
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(broker.Query<long>("select count(*) from audit") == 1));
        Assert.Equal(4, broker.Query<long>("select n from audit"));
        var verified = await VerifyAsync(broker);
        Assert.Equal((true, 1), ((bool)verified["ok"]!, (int)verified["links"]!));
        broker.Clock.Advance(TimeSpan.FromDays(3));
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(broker.Query<long>("select count(*) from audit") == 0));
        await broker.StartAgainAsync();
        await broker.CreateAsync();
        Assert.Equal(5, broker.Query<long>("select n from audit"));
        Assert.True((bool)(await VerifyAsync(broker))["ok"]!);
    }

    /// <summary>Entries go after their days of the time that the broker ran, those with a wrong date among them.</summary>
    [Theory]
    [InlineData(3650)]
    [InlineData(-3650)]
    public async Task WallClockThatIsWrongForAnHourMakesNoEntryOldOrYoung(int days)
    {
        await using var broker = await Caller.StartAsync(static o => o with { AuditDays = 2 });
        for (var n = 0; n < 3; n++) await broker.CreateAsync();
        broker.Clock.SetWall(TimeSpan.FromDays(days));
        await broker.StartAgainAsync();
        await broker.CreateAsync();
        await broker.RunForAsync(TimeSpan.FromHours(2));
        broker.Clock.SetWall(TimeSpan.FromDays(-days));
        await broker.RunForAsync(TimeSpan.FromHours(44));
        Assert.Equal(4, broker.Query<long>("select count(*) from audit"));
        Assert.True((bool)(await VerifyAsync(broker))["ok"]!);
        await broker.RunForAsync(TimeSpan.FromHours(4));
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(broker.Query<long>("select count(*) from audit") == 0));
    }

    [Fact]
    public async Task DateOfAWrongClockDropsNothingBeforeIt()
    {
        await using var broker = await Caller.StartAsync(static o => o with { AuditDays = 2 });
        for (var n = 0; n < 3; n++) await broker.CreateAsync();
        using (var file = MigrationTests.Open(broker.DatabasePath)) file.Execute("update audit set steady_ms = null, at = iif(n = 3, 1000, at)");
        Store.Change[] drop = [new Access.AuditMark(default, broker.NowMs - 1000), new Access.AuditPurge()];
        await broker.Services.GetRequiredService<Store.IStore>().WriteAsync(new Store.Commit(drop, isEssential: true));
        Assert.Equal(3, broker.Query<long>("select count(*) from audit"));
        Assert.True((bool)(await VerifyAsync(broker))["ok"]!);
    }

    /// <summary>A commit that is refused, or a batch that failed, leaves no entry.</summary>
    [Fact]
    public async Task WhatWasNotDoneIsNotNoted()
    {
        await using var broker = await Caller.StartAsync();
        var anna = await Caller.MakeAsync(broker, "anna", "bot");
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => anna.CreateAsync("ping", "Idempotency-Key: k")));
        Assert.Equal(1, broker.Query<long>("select count(*) from audit, json_each(entries) e where json_extract(e.value, '$.action') = 'job.create'"));
    }

    [Fact]
    public async Task AuditIsPaged()
    {
        await using var broker = await Caller.StartAsync();
        for (var n = 0; n < 60; n++) await broker.CreateAsync();
        var first = (await Caller.Admin(broker).GetAsync("audit")).Json;
        var second = (await Caller.Admin(broker).GetAsync($"audit?cursor={first["next"]}")).Json;
        Assert.Equal((50, 10), (first["audit"]!.AsArray().Count, second["audit"]!.AsArray().Count));
        Assert.Null(second["next"]);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await Caller.Admin(broker).GetAsync("audit?cursor=x")).Status);
    }

    private static async Task<JsonNode> VerifyAsync(BrokerFixture broker, string head = "") =>
        (await Caller.Admin(broker).GetAsync($"audit/verify?head={head}")).Json;
}
