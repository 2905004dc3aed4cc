using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;

namespace OpenClaw.Broker.Tests;

/// <summary>What people do with schedules.</summary>
public sealed partial class SchedulesTests
{
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
    public async Task RunMakesOneJobPerIdempotencyKey()
    {
        await using var broker = await BrokerFixture.StartAsync();
        await MakeAsync(broker, EveryMinute);
        var bot = Caller.Bot(broker);
        async Task<string> RunAsync(string key) => (string)(await bot.PostAsync("schedules/s/run", null, $"Idempotency-Key: {key}")).Json["id"]!;
        var first = await RunAsync("k");
        Assert.Equal(first, await RunAsync("k"));
        Assert.NotEqual(first, await RunAsync("other"));
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
}
