using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenClaw.Broker.Schedules;
using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Testing;

namespace OpenClaw.Broker.Tests;

/// <summary>Schedules in the real silo, over HTTP, on a clock that is the test's.</summary>
public sealed partial class SchedulesTests
{
    private const string EveryMinute = "\"every_seconds\": 60";

    [Fact]
    public async Task EachTickMakesItsJobAtItsMoment()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var made = await MakeAsync(broker, "\"every_seconds\": 7");
        Assert.Equal("7,14,21,28,35", Relative(made["next"]!));
        Assert.Null(made["last"]);
        for (var n = 1; n <= 5; n++) await TickAsync(broker, 7, n);
        Assert.Equal(("7,14,21,28,35", 0), (Ticks(broker), broker.Query<long>("select count(*) from job where created_at <> tick")));
        var schedule = await GetAsync(broker);
        var job = (await Caller.Bot(broker).GetAsync($"jobs/{(string)schedule["last"]!["job"]!}")).Json;
        Assert.Equal(("s", 35L, "p"), ((string?)job["schedule"], (long)job["tick"]! - Start, (string?)job["payload"]));
        Assert.Equal(35, (long)schedule["last"]!["tick"]! - Start);
        Assert.NotNull(await broker.ClaimAsync());
    }

    [Fact]
    public async Task CronTicksByTheClockOfItsZoneAlsoOnTheDayOnWhichItIsSetBack()
    {
        await using var broker = await BrokerFixture.StartAsync();
        SetWall(broker, "2026-10-24T12:00:00Z");
        var made = await MakeAsync(broker, "\"cron\": \"30 2 * * *\", \"time_zone\": \"Europe/Berlin\"");
        Assert.Equal("Europe/Berlin", (string?)made["time_zone"]);
        string[] expected = ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z", "2026-10-27T01:30:00Z"];
        Assert.Equal(expected, made["next"]!.AsArray().Take(3).Select(Text));
        for (var n = 0; n < 3; n++)
        {
            SetWall(broker, expected[n]);
            broker.Clock.SetWall(TimeSpan.FromMinutes(-1));
            await TickAsync(broker, 60, n + 1);
        }
        Assert.Equal(0, broker.Query<long>("select count(*) from job where created_at <> tick"));

        static void SetWall(BrokerFixture broker, string time) =>
            broker.Clock.SetWall(DateTimeOffset.Parse(time, CultureInfo.InvariantCulture) - broker.Clock.GetUtcNow());

        static string Text(JsonNode? time) =>
            DateTimeOffset.FromUnixTimeSeconds((long)time!).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task TicksFallOnceWhereverTheBrokerIsStartedAgain()
    {
        await using var broker = await BrokerFixture.StartAsync();
        await MakeAsync(broker, "\"every_seconds\": 5");
        for (var second = 1; second <= 20; second++)
        {
            if (second % 5 == 0) await broker.StopAsync(); // the tick falls while nobody is there, or in the start
            broker.Clock.Advance(TimeSpan.FromSeconds(1));
            if (second % 3 == 0 || second % 5 == 0) await broker.StartAgainAsync();
            await UntilAsync(broker, second / 5);
        }
        Assert.Equal("5,10,15,20", Ticks(broker));
        Assert.Equal(0, (long)(await GetAsync(broker))["missed"]!);
    }

    /// <summary>A kill between any two writes leaves one of these files.</summary>
    [Fact]
    public async Task EachCommitHoldsATickWithItsJobOrNeither()
    {
        await using var broker = await BrokerFixture.StartAsync();
        await MakeAsync(broker, $"{EveryMinute}, \"catch_up\": \"all\"");
        await TickAsync(broker, 60, 1);
        await TickAsync(broker, 240, 5); // four at once
        using var folder = new TempFolder();
        var jobs = new HashSet<long>();
        foreach (var copy in Kills.AfterEachCommit(folder, broker.DatabasePath))
        {
            using var file = MigrationTests.Open(copy);
            if (file.Scalar<long>("select count(*) from sqlite_schema where name = 'schedule'") == 0) continue;
            if (file.Scalar<long>("select count(*) from schedule") == 0) continue;
            var made = file.Scalar<long>("select count(*) from job");
            jobs.Add(made);
            Assert.Equal((Start + 60 * (made + 1)) * 1000, file.Scalar<long>("select next_tick from schedule"));
            Assert.Equal(file.Scalar<string>("select id from job order by tick desc limit 1"), file.Scalar<string>("select last_job from schedule"));
        }
        Assert.Equal([0, 1, 2, 3, 4, 5], jobs.Order());
    }

    [Theory]
    [InlineData("skip", 3600, "60", 4)]
    [InlineData("one", 3600, "60,300", 3)]
    [InlineData("one", 10, "60", 4)]
    [InlineData("all", 3600, "60,120,180,240,300", 0)]
    [InlineData("all", 100, "60,240,300", 2)]
    public async Task TicksOfAnOutageAreCaughtUpAsThePolicySays(string policy, int window, string ticks, long missed)
    {
        await using var broker = await BrokerFixture.StartAsync();
        await MakeAsync(broker, $"{EveryMinute}, \"catch_up\": \"{policy}\", \"catch_up_window_seconds\": {window}");
        await TickAsync(broker, 60, 1);
        await broker.StopAsync();
        broker.Clock.Advance(TimeSpan.FromSeconds(255)); // 15 s after the fourth
        await broker.StartAgainAsync();
        await UntilAsync(broker, ticks.Split(',').Length);
        await BrokerFixture.EventuallyAsync(async () => (long)(await GetAsync(broker))["missed"]! == missed);
        Assert.Equal(ticks, Ticks(broker));
        await TickAsync(broker, 45, ticks.Split(',').Length + 1);
        Assert.Equal((ticks + ",360", missed), (Ticks(broker), (long)(await GetAsync(broker))["missed"]!));
    }

    [Fact]
    public async Task OverlapSkipLeavesTicksOutWhileTheLastJobHasNotEnded()
    {
        await using var broker = await BrokerFixture.StartAsync();
        await MakeAsync(broker, $"{EveryMinute}, \"overlap\": \"skip\"");
        await TickAsync(broker, 60, 1);
        broker.Clock.Advance(TimeSpan.FromSeconds(60));
        await BrokerFixture.EventuallyAsync(async () => (long)(await GetAsync(broker))["skipped"]! == 1);
        await FinishAsync(broker);
        await TickAsync(broker, 60, 2);
        Assert.Equal("60,180", Ticks(broker));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OverlapQueueOneKeepsTheNextUntilTheFirstHasEnded(bool restarts)
    {
        await using var broker = await BrokerFixture.StartAsync();
        await MakeAsync(broker, $"{EveryMinute}, \"overlap\": \"queue_one\"");
        await TickAsync(broker, 60, 1);
        broker.Clock.Advance(TimeSpan.FromSeconds(60));
        await BrokerFixture.EventuallyAsync(async () => (long?)(await GetAsync(broker))["kept"] == Start + 120);
        broker.Clock.Advance(TimeSpan.FromSeconds(60));
        await BrokerFixture.EventuallyAsync(async () => (long)(await GetAsync(broker))["skipped"]! == 1);
        if (restarts) await broker.StartAgainAsync();
        await FinishAsync(broker);
        await UntilAsync(broker, 2); // and no time passes
        Assert.Equal(("60,120", null), (Ticks(broker), (long?)(await GetAsync(broker))["kept"]));
        await FinishAsync(broker);
        await TickAsync(broker, 60, 3);
        Assert.Equal("60,120,240", Ticks(broker));
    }

    [Fact]
    public async Task OverlapCancelOtherCancelsTheLastJobWhetherItWaitsOrRuns()
    {
        await using var broker = await BrokerFixture.StartAsync();
        await MakeAsync(broker, "\"every_seconds\": 20, \"overlap\": \"cancel_other\"");
        var jobs = new List<string>();
        for (var n = 1; n <= 3; n++)
        {
            await TickAsync(broker, 20, n);
            jobs.Add((string)(await GetAsync(broker))["last"]!["job"]!);
            if (n == 2) Assert.Equal(jobs[1], (await broker.ClaimAsync())!.Id);
        }
        var (first, second, third) = (await broker.GetAsync(jobs[0]), await broker.GetAsync(jobs[1]), await broker.GetAsync(jobs[2]));
        Assert.Equal(("cancelled", "cancelled: schedule s came to its next tick"), (first.State, first.Error));
        Assert.Equal(("running", true), (second.State, second.CancelRequested));
        Assert.Equal(("queued", false), (third.State, third.CancelRequested));
    }

    [Fact]
    public async Task OverlapAllowMakesEachTick()
    {
        await using var broker = await BrokerFixture.StartAsync();
        await MakeAsync(broker, EveryMinute);
        for (var n = 1; n <= 3; n++) await TickAsync(broker, 60, n);
        Assert.Equal(("60,120,180", 0), (Ticks(broker), (long)(await GetAsync(broker))["skipped"]!));
    }

    [Fact]
    public async Task JitterDelaysTheJobAndLeavesTheTickAsItIs()
    {
        await using var broker = await BrokerFixture.StartAsync();
        await MakeAsync(broker, $"{EveryMinute}, \"jitter_seconds\": 40");
        for (var n = 1; n <= 8; n++) await TickAsync(broker, 60, n);
        Assert.Equal("60,120,180,240,300,360,420,480", Ticks(broker));
        Assert.Equal(0, broker.Query<long>("select count(*) from job where created_at <> tick or run_at < tick or run_at > tick + 40000"));
        Assert.InRange(broker.Query<long>("select count(distinct run_at - tick) from job"), 2, 8);
        broker.Clock.Advance(TimeSpan.FromSeconds(40));
        for (var n = 0; n < 8; n++) await FinishAsync(broker);
    }

    [Fact]
    public async Task ClockSetForwardIsCaughtUpAndOneSetBackMakesNoTickTwice()
    {
        await using var broker = await BrokerFixture.StartAsync();
        await MakeAsync(broker, EveryMinute);
        await TickAsync(broker, 60, 1);
        broker.Clock.SetWall(TimeSpan.FromHours(1)); // seen within 30 s
        await TickAsync(broker, 30, 2);
        Assert.Equal(("60,3660", 59), (Ticks(broker), (long)(await GetAsync(broker))["missed"]!));
        broker.Clock.SetWall(-TimeSpan.FromHours(1) - TimeSpan.FromSeconds(40)); // it is 50 s: the tick at 60 is made already
        broker.Clock.Advance(TimeSpan.FromSeconds(30));
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(broker.Query<long>("select next_tick from schedule") == (Start + 120) * 1000));
        await TickAsync(broker, 40, 3);
        await TickAsync(broker, 60, 4);
        Assert.Equal("60,3660,120,180", Ticks(broker));
    }

    [Fact]
    public async Task RefusedTickIsTriedAgainWhileItIsTheNewestAndThenMissed()
    {
        var lines = new Lines();
        await using var broker = await BrokerFixture.StartAsync(configure: static o => o with { MaxQueuedJobs = 1 },
            silo: silo => silo.Services.AddSingleton<ILoggerProvider>(lines));
        await MakeAsync(broker, $"{EveryMinute}, \"catch_up\": \"skip\"");
        await TickAsync(broker, 60, 1);
        broker.Clock.Advance(TimeSpan.FromSeconds(60));
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(lines.Refusals.Length == 1));
        for (var n = 0; n < 5; n++) await PassAsync(broker, 5); // longer than a tick is on time
        await FinishAsync(broker);
        await TickAsync(broker, 5, 2);
        Assert.Equal("60,120", Ticks(broker));
        for (var n = 0; n < 25; n++) await PassAsync(broker, 5); // over the ticks at 180 and 240
        await FinishAsync(broker);
        await TickAsync(broker, 5, 3);
        Assert.Equal(("60,120,240", 1), (Ticks(broker), (long)(await GetAsync(broker))["missed"]!));
        Assert.Equal(3, lines.Refusals.Length);
        Assert.Contains("2026-06-01 12:02:00Z: job queue limit reached: there are 1 unfinished jobs", lines.Refusals[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task ScheduleThatNobodyWokeIsWokenByItsReminder()
    {
        await using var broker = await BrokerFixture.StartAsync();
        await MakeAsync(broker, EveryMinute);
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(Reminders(broker) == 1));
        await broker.StopAsync();
        broker.OnSend = static call => call is { Grain: IScheduleGrain, InterfaceMethod.Name: nameof(IScheduleGrain.WakeAsync) }
            ? throw new TimeoutException() : call.Invoke();
        await broker.StartAgainAsync();
        await BrokerFixture.EventuallyAsync(() =>
        {
            broker.Clock.Advance(TimeSpan.FromSeconds(10));
            return Task.FromResult(broker.Query<long>("select count(*) from job") > 0);
        });
    }
}
