using Microsoft.Data.Sqlite;
using OpenClaw.Broker.Storage.Sqlite;

namespace OpenClaw.Broker.Tests;

/// <summary>Ended jobs go when they are old, or too many, and no earlier.</summary>
public sealed class RetentionTests
{
    [Fact]
    public async Task EndedJobsAreKeptForTheirDays()
    {
        await using var broker = await BrokerFixture.StartAsync(configure: static o => o with { Keep = new Retention(2, 4, 2, 0) });
        await EndEachAsync(broker);
        await RetryTests.CreateAsync(broker, new { command = "ping", payload = "waits", requires = new { caps = new[] { "none" } } });
        await AgeAsync(broker, 1.7, 1.7);
        Assert.Equal("cancelled,done,failed,queued", States(broker));
        await AgeAsync(broker, 0.4, 2.1);
        await ExpectAsync(broker, "failed,queued");
        Assert.Equal(0, broker.Query<long>("select count(*) from job_result where seq not in (select seq from job)"));
        Assert.Equal(2, broker.Query<long>("select sum(jobs) from job_count"));
        await AgeAsync(broker, 2, 4.1);
        await ExpectAsync(broker, "queued");
    }

    /// <summary>A job is as old as both clocks say: the date of its end, and how long the broker has run since.</summary>
    [Theory]
    [InlineData(4000, 0)]
    [InlineData(0, 4000)]
    public async Task OneClockAloneMakesNoJobOld(int wallDays, int steadyDays)
    {
        await using var broker = await BrokerFixture.StartAsync(configure: static o => o with { Keep = new Retention(2, 2, 2, 0) });
        await EndEachAsync(broker);
        await AgeAsync(broker, wallDays, steadyDays);
        Assert.Equal("cancelled,done,failed", States(broker));
        await AgeAsync(broker, 2.1 - wallDays, 2.1);
        await ExpectAsync(broker, null);
    }

    [Fact]
    public async Task NoMoreThanSoManyAreKeptTheOldestGoFirst()
    {
        await using var broker = await BrokerFixture.StartAsync(configure: static o => o with { Keep = new Retention(0, 0, 0, 4) });
        for (var n = 0; n < 10; n++)
        {
            var id = await broker.CreateAsync($"{n}");
            using var cancelled = await broker.BotAsync($"jobs/{id}/cancel", new { });
        }
        var waiting = await broker.CreateAsync("waits");
        await broker.RunForAsync(TimeSpan.FromHours(1.5));
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(broker.Query<long>("select count(*) from job") == 5));
        Assert.Equal("6,7,8,9,waits",
            broker.Query<string>("select group_concat(cast(payload as text), ',') from (select payload from job_payload order by seq)"));
        Assert.Equal(waiting, (await broker.ClaimAsync())!.Id);
    }

    [Fact]
    public async Task WhatAnUnfinishedJobNeedsStays()
    {
        await using var broker = await BrokerFixture.StartAsync(configure: static o => o with { Keep = new Retention(0, 0, 0, 1) });
        var parent = await broker.CreateAsync("parent");
        var child = await OnceTests.CreateAsync(broker, new { depends_on = new[] { parent }, delay_seconds = 36_000 });
        using (var done = await broker.PostAsync($"jobs/{parent}/result", (await broker.ClaimAsync("w"))!.LeaseToken, "w", new { result = "r" }))
        {
            done.EnsureSuccessStatusCode();
        }
        for (var n = 0; n < 3; n++)
        {
            using var cancelled = await broker.BotAsync($"jobs/{await broker.CreateAsync($"{n}")}/cancel", new { });
        }
        await broker.RunForAsync(TimeSpan.FromHours(1.5));
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(broker.Query<long>("select count(*) from job") <= 3));
        Assert.Equal("done", (await broker.GetAsync(parent)).State);
        using (var cancelled = await broker.BotAsync($"jobs/{child}/cancel", new { })) cancelled.EnsureSuccessStatusCode();
        await broker.RunForAsync(TimeSpan.FromHours(1.5));
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(broker.Query<long>("select count(*) from job") == 1));
        Assert.Equal(0, broker.Query<long>("select count(*) from job_edge"));
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task DatabaseThatCameFromPythonLosesNothingBeforeSomebodySaysSo(bool isSet, bool isKept)
    {
        await using var broker = await BrokerFixture.StartAsync(static path =>
        {
            using var python = new SqliteConnection($"Data Source={path};Pooling=False");
            python.Open();
            python.Execute("create table jobs (id text primary key, created_at integer not null, started_at integer, finished_at integer, lease_until integer, "
                + "status text not null, command text not null, payload text not null, result text, error text, worker_id text)");
            python.Execute("insert into jobs values ('00000000-0000-4000-8000-000000000001', 1, 2, 3, null, 'done', 'ping', 'p', 'r', null, 'w')");
        }, options => isSet ? options with { Keep = Retention.Default } : options);
        Assert.Equal(1, broker.Query<long>("select from_python from meta"));
        File.Delete(broker.DatabasePath + ".seed-backup");
        await AgeAsync(broker, 8, 8);
        await ExpectAsync(broker, isKept ? "done" : null);
    }

    [Fact]
    public async Task JobWhoseUniqueWindowIsOpenStays()
    {
        await using var broker = await BrokerFixture.StartAsync(configure: static o => o with { Keep = new Retention(1, 1, 1, 0) });
        await RetryTests.CreateAsync(broker, new { command = "ping", payload = "p", unique = new { key = "k", within_seconds = 86_400 * 3 } });
        await RetryTests.FailAsync(broker, (await broker.ClaimAsync())!, new { error = "e" });
        await AgeAsync(broker, 2, 2);
        Assert.Equal("failed", States(broker));
    }

    [Fact]
    public async Task SpaceOfDroppedJobsIsGivenBack()
    {
        await using var broker = await BrokerFixture.StartAsync(configure: static o => o with { Keep = new Retention(0, 0, 0, 1) });
        for (var n = 0; n < 60; n++)
        {
            var id = await broker.CreateAsync(new string('x', 200_000));
            using var cancelled = await broker.BotAsync($"jobs/{id}/cancel", new { });
        }
        var full = broker.Query<long>("pragma page_count");
        await broker.RunForAsync(TimeSpan.FromHours(1.5));
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(broker.Query<long>("pragma page_count") < full - 500));
        Assert.Equal("ok", broker.Query<string>("pragma quick_check"));
    }

    private static async Task EndEachAsync(BrokerFixture broker)
    {
        await broker.CreateAsync();
        var claim = (await broker.ClaimAsync())!;
        using (var done = await broker.PostAsync($"jobs/{claim.Id}/result", claim.LeaseToken, null, new { result = "r" })) done.EnsureSuccessStatusCode();
        await broker.CreateAsync();
        await RetryTests.FailAsync(broker, (await broker.ClaimAsync())!, new { error = new string('e', 3000) });
        using var cancelled = await broker.BotAsync($"jobs/{await broker.CreateAsync()}/cancel", new { });
    }

    /// <summary>Lets days pass, as the wall clock and the file tell them, and then hours, until old jobs were looked for once and again.</summary>
    /// <param name="wallDays">By which the wall clock moves.</param>
    /// <param name="ranDays">How long the broker has run since its jobs were made.</param>
    private static async Task AgeAsync(BrokerFixture broker, double wallDays, double ranDays)
    {
        var ran = (long)TimeSpan.FromDays(ranDays).TotalMilliseconds;
        broker.Query<long>($"insert into pace (steady_ms, seq) select steady_ms - {ran}, last_seq from meta where true on conflict do nothing returning 1");
        broker.Clock.SetWall(TimeSpan.FromDays(wallDays));
        var noted = broker.Query<long>("select max(steady_ms) from pace");
        foreach (var _ in Enumerable.Range(0, 2))
        {
            await broker.RunForAsync(TimeSpan.FromMinutes(60));
            await BrokerFixture.EventuallyAsync(() => Task.FromResult(broker.Query<long>("select max(steady_ms) from pace") > noted));
            noted = broker.Query<long>("select max(steady_ms) from pace");
        }
    }

    private static Task ExpectAsync(BrokerFixture broker, string? states) =>
        BrokerFixture.EventuallyAsync(() => Task.FromResult(States(broker) == states), () => $"{States(broker)}");

    private static string? States(BrokerFixture broker) =>
        broker.Query<string>("select group_concat(state, ',') from (select distinct state from job order by state)");
}
