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
        await broker.RunForAsync(TimeSpan.FromDays(1.9));
        Assert.Equal("cancelled,done,failed,queued", States(broker));
        await PassUntilAsync(broker, "failed,queued", TimeSpan.FromHours(6));
        Assert.Equal(0, broker.Query<long>("select count(*) from job_result where seq not in (select seq from job)"));
        Assert.Equal(2, broker.Query<long>("select sum(jobs) from job_count"));
        await PassUntilAsync(broker, "queued", TimeSpan.FromDays(2.5));
    }

    /// <summary>Not by a wall clock that jumps ahead, and not before the broker has run for so long.</summary>
    [Fact]
    public async Task WrongWallClockDropsNothing()
    {
        await using var broker = await BrokerFixture.StartAsync(configure: static o => o with { Keep = new Retention(2, 2, 2, 0) });
        await EndEachAsync(broker);
        broker.Clock.SetWall(TimeSpan.FromDays(4000));
        await broker.RunForAsync(TimeSpan.FromHours(5));
        Assert.Equal("cancelled,done,failed", States(broker));
        broker.Clock.SetWall(TimeSpan.FromDays(-4000));
        await PassUntilAsync(broker, null, TimeSpan.FromDays(2.5));
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
        await broker.RunForAsync(TimeSpan.FromDays(8));
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(broker.Query<long>("select count(*) from job") == (isKept ? 1 : 0)));
    }

    [Fact]
    public async Task JobWhoseUniqueWindowIsOpenStays()
    {
        await using var broker = await BrokerFixture.StartAsync(configure: static o => o with { Keep = new Retention(1, 1, 1, 0) });
        await RetryTests.CreateAsync(broker, new { command = "ping", payload = "p", unique = new { key = "k", within_seconds = 86_400 * 3 } });
        await RetryTests.FailAsync(broker, (await broker.ClaimAsync())!, new { error = "e" });
        await broker.RunForAsync(TimeSpan.FromDays(2));
        Assert.Equal("failed", States(broker));
        await PassUntilAsync(broker, null, TimeSpan.FromDays(2));
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

    private static async Task PassUntilAsync(BrokerFixture broker, string? states, TimeSpan time)
    {
        await broker.RunForAsync(time);
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(States(broker) == states), () => $"{States(broker)}");
    }

    private static string? States(BrokerFixture broker) =>
        broker.Query<string>("select group_concat(state, ',') from (select distinct state from job order by state)");
}
