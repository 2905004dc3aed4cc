using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenClaw.Broker.Schedules;
using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Testing;

namespace OpenClaw.Broker.Tests;

/// <summary>Schedules in the real silo, over HTTP, on a clock that is the test's.</summary>
public sealed class SchedulesTests
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
    public async Task TicksOfAPauseAreNeitherMadeNorMissed()
    {
        await using var broker = await BrokerFixture.StartAsync();
        await MakeAsync(broker, EveryMinute);
        await TickAsync(broker, 60, 1);
        var paused = await Caller.Bot(broker).PostAsync("schedules/s/pause", """{"reason": "holidays"}""");
        Assert.Equal("""{"ok":true,"name":"s","paused":true}""", paused.Text);
        var schedule = await GetAsync(broker);
        Assert.Equal(("bot", "holidays", Start + 60, 0), ((string?)schedule["paused"]!["by"], (string?)schedule["paused"]!["reason"],
            (long)schedule["paused"]!["since"]!, schedule["next"]!.AsArray().Count));
        for (var n = 0; n < 4; n++)
        {
            broker.Clock.Advance(TimeSpan.FromSeconds(60));
            if (n == 1) await broker.StartAgainAsync();
            await GetAsync(broker);
        }
        broker.Clock.Advance(TimeSpan.FromSeconds(1));
        await Caller.Bot(broker).PostAsync("schedules/s/resume");
        await TickAsync(broker, 59, 2);
        schedule = await GetAsync(broker);
        Assert.Equal(("60,360", 0, null), (Ticks(broker), (long)schedule["missed"]!, (string?)schedule["paused"]));
    }

    [Fact]
    public async Task RunMakesAJobBesideTheTicksAlsoInAPause()
    {
        await using var broker = await BrokerFixture.StartAsync();
        await MakeAsync(broker, $"{EveryMinute}, \"overlap\": \"skip\"");
        await Caller.Bot(broker).PostAsync("schedules/s/pause");
        var run = await Caller.Bot(broker).PostAsync("schedules/s/run");
        Assert.Equal(HttpStatusCode.OK, run.Status);
        var job = await broker.GetAsync((string)run.Json["id"]!);
        Assert.Equal(("s", null, "queued"), (job.Schedule, job.Tick, job.State));
        await Caller.Bot(broker).PostAsync("schedules/s/resume");
        await TickAsync(broker, 60, 1);
        Assert.Equal(2, broker.Query<long>("select count(*) from job"));
    }

    [Fact]
    public async Task BackfillMakesEachTickOfItsTimeOnce()
    {
        await using var broker = await BrokerFixture.StartAsync();
        broker.Clock.Advance(TimeSpan.FromSeconds(1));
        await MakeAsync(broker, "\"cron\": \"* * * * *\"");
        var first = await BackfillAsync(broker, Start - 300, Start);
        Assert.Equal("""{"ok":true,"made":6,"ticks":6}""", first.Text);
        Assert.Equal("""{"ok":true,"made":2,"ticks":8}""", (await BackfillAsync(broker, Start - 420, Start)).Text);
        await TickAsync(broker, 59, 9);
        Assert.Equal("""{"ok":true,"made":0,"ticks":2}""", (await BackfillAsync(broker, Start, Start + 60)).Text);
        Assert.Equal("-300,-240,-180,-120,-60,0,-420,-360,60", Ticks(broker));
        Assert.Equal(60, (long)(await GetAsync(broker))["last"]!["tick"]! - Start);
        (string Body, string Field, string Why)[] wrong =
        [
            ("{}", "from", "field required"), ($$"""{"from": {{Start}}, "to": {{Start - 1}}}""", "to", "before from"),
            ($$"""{"from": {{Start}}, "to": {{Start + 61}}}""", "to", "yet to come"),
            ($$"""{"from": {{Start - 60_000}}, "to": {{Start}}}""", "to", "more than 1000 ticks"),
        ];
        foreach (var (body, field, why) in wrong) AssertWrong(await Caller.Bot(broker).PostAsync("schedules/s/backfill", body), field, why);
    }

    [Fact]
    public async Task MoreThanAThousandTicksAreBackfilledInSteps()
    {
        await using var broker = await BrokerFixture.StartAsync();
        await MakeAsync(broker, "\"cron\": \"* * 11 * * *\""); // each second of the hour before
        AssertWrong(await BackfillAsync(broker, Start - 1001, Start), "to", "more than 1000");
        Assert.Equal("""{"ok":true,"made":50,"ticks":50}""", (await BackfillAsync(broker, Start - 50, Start)).Text);
    }

    [Fact]
    public async Task PreviewShowsTenTimesToCome()
    {
        await using var broker = await BrokerFixture.StartAsync();
        broker.Clock.Advance(TimeSpan.FromSeconds(1));
        await MakeAsync(broker, "\"cron\": \"*/20 * * * *\", \"end_at\": " + (Start + 13_000));
        await Caller.Bot(broker).PostAsync("schedules/s/pause");
        Assert.Equal("1200,2400,3600,4800,6000,7200,8400,9600,10800,12000",
            Relative((await Caller.Bot(broker).GetAsync("schedules/s/preview")).Json["next"]!));
    }

    [Fact]
    public async Task ChangeHoldsFromThenOnAndOnlyForTheVersionItWasMeantFor()
    {
        await using var broker = await BrokerFixture.StartAsync();
        await MakeAsync(broker, EveryMinute);
        await TickAsync(broker, 60, 1);
        Assert.Equal(1, (long)(await GetAsync(broker))["version"]!); // a tick is no change of anybody's
        var changed = await PatchAsync(broker, """{"cron": "*/2 * * * *", "job": {"command": "other", "payload": "q"}}""", "If-Match: 1");
        Assert.Equal(("*/2 * * * *", null, "other", 2), ((string?)changed.Json["cron"], (long?)changed.Json["every_seconds"],
            (string?)changed.Json["command"], (long)changed.Json["version"]!));
        var late = await PatchAsync(broker, """{"every_seconds": 1}""", "If-Match: 1");
        Assert.Equal((HttpStatusCode.PreconditionFailed, "changed"), (late.Status, late.Code));
        await TickAsync(broker, 60, 2);
        var job = await broker.GetAsync((string)(await GetAsync(broker))["last"]!["job"]!);
        Assert.Equal(("other", "q", Start + 120), (job.Command, job.Payload, job.Tick));
        var back = await PatchAsync(broker, """{"every_seconds": 30, "catch_up": "all", "overlap": "skip", "jitter_seconds": 5}""");
        Assert.Equal((null, "all"), ((string?)back.Json["cron"], (string?)back.Json["catch_up"]));
        back = await PatchAsync(broker, """{"catch_up": null, "overlap": null, "jitter_seconds": null}""");
        Assert.Equal(("one", "allow", 0, 30), ((string?)back.Json["catch_up"], (string?)back.Json["overlap"], (int)back.Json["jitter_seconds"]!,
            (int)back.Json["every_seconds"]!));
        await FinishAsync(broker);
        await TickAsync(broker, 30, 3);
        Assert.Equal("60,120,150", Ticks(broker));
        AssertWrong(await PatchAsync(broker, """{"name": "other"}"""), "name", "can't be changed");
        AssertWrong(await PatchAsync(broker, """{"every_seconds": null}"""), "cron", "give cron");
        Assert.Equal(HttpStatusCode.BadRequest, (await PatchAsync(broker, "{}", "If-Match: *")).Status);
    }

    [Fact]
    public async Task DeletedScheduleTicksNoMoreAndItsReminderIsGone()
    {
        await using var broker = await BrokerFixture.StartAsync();
        await MakeAsync(broker, EveryMinute);
        await TickAsync(broker, 60, 1);
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(Reminders(broker) == 1));
        Assert.Equal("""{"ok":true,"name":"s"}""", (await Caller.Bot(broker).DeleteAsync("schedules/s")).Text);
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(Reminders(broker) == 0));
        foreach (var path in (string[])["", "/run", "/pause", "/resume"])
        {
            var reply = path.Length == 0 ? await Caller.Bot(broker).GetAsync("schedules/s") : await Caller.Bot(broker).PostAsync($"schedules/s{path}");
            Assert.Equal((HttpStatusCode.NotFound, "not_found"), (reply.Status, reply.Code));
        }
        broker.Clock.Advance(TimeSpan.FromMinutes(1));
        await MakeAsync(broker, "\"every_seconds\": 30"); // of the same name
        await TickAsync(broker, 30, 2);
        Assert.Equal("60,150", Ticks(broker));
        Assert.Equal(1, broker.Query<long>("select count(*) from schedule_job"));
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
        Assert.Contains("2026-06-01 12:02:00Z: there are 1 unfinished jobs", lines.Refusals[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task ScheduleActsForWhoMadeItAlsoOnceTheirTokenIsRevoked()
    {
        await using var broker = await Caller.StartAsync();
        var phone = await Caller.MakeAsync(broker, "phone", "bot", "\"person\": \"discord:1\", \"commands\": [\"ping\"]");
        var forbidden = await phone.PostAsync("schedules", Body("s", EveryMinute, """{"command": "rm", "payload": "p"}"""));
        Assert.Equal(HttpStatusCode.Forbidden, forbidden.Status);
        Assert.Equal(HttpStatusCode.OK, (await phone.PostAsync("schedules", Body("s", EveryMinute))).Status);
        await Caller.Admin(broker).DeleteAsync("tokens/phone");
        await TickAsync(broker, 60, 1);
        var schedule = await GetAsync(broker);
        var job = await broker.GetAsync((string)schedule["last"]!["job"]!);
        Assert.Equal(("phone", "discord:1", "phone"), ((string?)schedule["made_by"], job.Requester, broker.Query<string>("select made_by from job")));
    }

    [Fact]
    public async Task WhatPeopleDoToAScheduleIsInTheAudit()
    {
        await using var broker = await Caller.StartAsync();
        await MakeAsync(broker, EveryMinute);
        await PatchAsync(broker, """{"every_seconds": 30}""");
        await Caller.Bot(broker).PostAsync("schedules/s/pause", """{"reason": "night"}""");
        await Caller.Bot(broker).PostAsync("schedules/s/resume");
        var run = (string)(await Caller.Bot(broker).PostAsync("schedules/s/run")).Json["id"]!;
        await TickAsync(broker, 30, 1);
        await BackfillAsync(broker, Start, Start + 30);
        await Caller.Bot(broker).DeleteAsync("schedules/s");
        var entries = (await Caller.Admin(broker).GetAsync("audit")).Json["audit"]!.AsArray().Reverse().SelectMany(static l => l!["entries"]!.AsArray())
            .Select(static e => $"{e!["actor"]} {e["action"]} {e["target"]}: {e["detail"]}").ToList();
        Assert.Equal([
            "bot schedule.create s: every 60 s, ping", "bot schedule.change s: every 30 s, ping", "bot schedule.pause s: night", "bot schedule.resume s: ",
            $"bot by schedule s job.create {run}: ping", $"bot schedule.run s: {run}",
            $"bot by schedule s job.create {broker.Query<string>("select id from job where tick is not null")}: ping", "bot schedule.delete s: ping"], entries);
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

    [Fact]
    public async Task WrongFieldIsNamedWithARightOne()
    {
        await using var broker = await BrokerFixture.StartAsync();
        (string Fields, string Field, string Why)[] wrong =
        [
            ("\"cron\": \"* * * *\"", "cron", "\"30 3 * * 1-5\""), ("\"cron\": 5", "cron", "string"), ("\"every_seconds\": 0", "every_seconds", "from 1"),
            ("\"cron\": \"* * * * *\", \"time_zone\": \"Berlin\"", "time_zone", "\"Europe/Berlin\""), ("\"jitter_seconds\": 5", "cron", "give cron"),
            ($"{EveryMinute}, \"cron\": \"* * * * *\"", "every_seconds", "not both"), ($"{EveryMinute}, \"time_zone\": \"Berlin\"", "time_zone", "Berlin"),
            ($"{EveryMinute}, \"catch_up\": \"some\"", "catch_up", "one, skip, all"), ($"{EveryMinute}, \"overlap\": 1", "overlap", "allow, skip, queue_one"),
            ($"{EveryMinute}, \"end_at\": {Start}", "end_at", "to come"), ($"{EveryMinute}, \"start_at\": 2e9, \"end_at\": 1", "start_at", "whole number"),
            ($"{EveryMinute}, \"start_at\": {Start + 9}, \"end_at\": {Start + 8}", "end_at", "before start_at"),
        ];
        foreach (var (fields, field, why) in wrong) AssertWrong(await Caller.Bot(broker).PostAsync("schedules", Body("s", fields)), field, why);
        AssertWrong(await Caller.Bot(broker).PostAsync("schedules", Body("_s", EveryMinute)), "name", "1 to 64");
        AssertWrong(await Caller.Bot(broker).PostAsync("schedules", $$"""{"name": "s", {{EveryMinute}}}"""), "job", "field required");
        AssertWrong(await Caller.Bot(broker).PostAsync("schedules", Body("s", EveryMinute, "[]")), "job", "object");
        var nested = await Caller.Bot(broker).PostAsync("schedules", Body("s", EveryMinute, """{"command": "ping", "payload": 5}"""));
        Assert.Equal("""["body","job","payload"]""", nested.Json["detail"]![0]!["loc"]!.ToJsonString());
        var signed = await Caller.Bot(broker).PostAsync("schedules", Body("s", EveryMinute,
            """{"command": "ping", "payload": "p", "signature": {"key": "k", "nonce": "n", "not_after": 1, "value": "v"}}"""));
        Assert.Equal("""["body","job","signature"]""", signed.Json["detail"]![0]!["loc"]!.ToJsonString());
        Assert.Equal(0, broker.Query<long>("select count(*) from schedule"));
        await MakeAsync(broker, EveryMinute);
        var taken = await Caller.Bot(broker).PostAsync("schedules", Body("s", EveryMinute));
        Assert.Equal((HttpStatusCode.Conflict, "exists"), (taken.Status, taken.Code));
    }

    [Fact]
    public async Task ListsGoByNameInPagesAndLeaveOutWhatIsMade()
    {
        await using var broker = await BrokerFixture.StartAsync();
        foreach (var name in (string[])["c", "a", "b"]) await Caller.Bot(broker).PostAsync("schedules", Body(name, EveryMinute));
        var page = (await Caller.Bot(broker).GetAsync("schedules?limit=2")).Json;
        Assert.Equal(("a,b", "b"), (Names(page), (string?)page["next"]));
        Assert.Null(page["schedules"]![0]!["job"]);
        Assert.Equal("ping", (string?)page["schedules"]![0]!["command"]);
        page = (await Caller.Bot(broker).GetAsync("schedules?limit=2&cursor=b")).Json;
        Assert.Equal(("c", null), (Names(page), (string?)page["next"]));

        static string Names(JsonNode page) => string.Join(',', page["schedules"]!.AsArray().Select(static s => (string)s!["name"]!));
    }

    private static long Start { get; } = BrokerFixture.Beginning.ToUnixTimeSeconds();

    private static string Body(string name, string fields, string job = """{"command": "ping", "payload": "p"}""") =>
        $$"""{"name": "{{name}}", {{fields}}, "job": {{job}}}""";

    private static async Task<JsonNode> MakeAsync(BrokerFixture broker, string fields)
    {
        var made = await Caller.Bot(broker).PostAsync("schedules", Body("s", fields));
        Assert.True(made.Status == HttpStatusCode.OK, made.Text);
        return made.Json;
    }

    private static async Task<JsonNode> GetAsync(BrokerFixture broker) => (await Caller.Bot(broker).GetAsync("schedules/s")).Json;

    private static Task<Reply> PatchAsync(BrokerFixture broker, string body, params string[] headers) =>
        Caller.Bot(broker).SendAsync(HttpMethod.Patch, "schedules/s", body, headers);

    private static Task<Reply> BackfillAsync(BrokerFixture broker, long from, long to) =>
        Caller.Bot(broker).PostAsync("schedules/s/backfill", $$"""{"from": {{from}}, "to": {{to}}}""");

    /// <summary>Lets seconds pass, until there are so many jobs of ticks.</summary>
    private static async Task TickAsync(BrokerFixture broker, int seconds, int jobs)
    {
        broker.Clock.Advance(TimeSpan.FromSeconds(seconds));
        await UntilAsync(broker, jobs);
    }

    private static Task UntilAsync(BrokerFixture broker, int jobs) => BrokerFixture.EventuallyAsync(
        () => Task.FromResult(broker.Query<long>("select count(*) from job where tick is not null") >= jobs), () => $"only {Ticks(broker)}");

    /// <summary>Lets seconds pass, and all that they bring about.</summary>
    private static async Task PassAsync(BrokerFixture broker, int seconds)
    {
        broker.Clock.Advance(TimeSpan.FromSeconds(seconds));
        var grain = broker.Grains.GetGrain<IScheduleGrain>("s");
        for (var n = 0; n < 3; n++)
        {
            await grain.WakeAsync();
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
    }

    private static async Task FinishAsync(BrokerFixture broker)
    {
        var claim = await broker.ClaimSoonAsync();
        using var answer = await broker.PostAsync($"jobs/{claim.Id}/result", claim.LeaseToken, null, new { result = "r" });
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    /// <summary>The ticks that have a job, in the order in which those were made, in seconds since the test began.</summary>
    private static string? Ticks(BrokerFixture broker) =>
        broker.Query<string>($"select group_concat(tick / 1000 - {Start}) from (select tick from job where tick is not null order by seq)");

    private static string Relative(JsonNode times) => string.Join(',', times.AsArray().Select(static t => (long)t! - Start));

    private static long Reminders(BrokerFixture broker) =>
        broker.Query<long>("select count(*) from OrleansRemindersTable where ReminderName = 'ticks'");

    private static void AssertWrong(Reply reply, string field, string why)
    {
        Assert.True((HttpStatusCode.UnprocessableEntity, "invalid") == (reply.Status, reply.Code), reply.Text);
        var error = reply.Json["detail"]!.AsArray().Single(e => (string?)e!["loc"]![1] == field)!;
        Assert.Contains(why, (string)error["msg"]!, StringComparison.Ordinal);
    }

    private sealed class Lines : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> lines = new();

        public string[] Refusals => [.. lines.Where(static l => l.Contains("could not make the job", StringComparison.Ordinal))];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel == LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
