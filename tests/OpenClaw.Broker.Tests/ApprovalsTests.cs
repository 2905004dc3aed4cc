using System.Net;
using System.Text.Json.Nodes;
using OpenClaw.Contracts;
using OpenClaw.Programs;
using OpenClaw.Testing.Decisions;

namespace OpenClaw.Broker.Tests;

/// <summary>Jobs that wait for a person's yes to exactly what they are.</summary>
public sealed class ApprovalsTests
{
    [Fact]
    public async Task JobIsClaimedOnceAPersonHasSaidYesToWhatWasShown()
    {
        await using var broker = await Caller.StartAsync();
        var anna = await Caller.MakeAsync(broker, "anna-1", "approver", """ "person": "anna" """);
        var id = await CreateAsync(broker, """ "approval": {"by": ["anna"], "note": "look at the disk", "timeout_seconds": 600} """);
        Assert.Null(await Caller.Worker(broker).ClaimAsync("w"));
        await ExplainTests.ExpectAsync(broker, id, "awaiting_approval", "hold approval");
        var shown = Assert.Single((await anna.GetAsync("approvals")).Json["approvals"]!.AsArray())!;
        Assert.Equal((id, "ping", "p", "default", "look at the disk", "bot"), ((string)shown["id"]!, (string)shown["command"]!, (string)shown["payload"]!,
            (string)shown["queue"]!, (string)shown["note"]!, (string)shown["made_by"]!));
        Assert.Equal(broker.NowMs / 1000 + 600, (long)shown["until"]!);
        Assert.Equal(Digest.Of("ping", "p", "", "default", ""), (string)shown["digest"]!);
        var bert = await Caller.MakeAsync(broker, "bert-1", "approver", """ "person": "bert" """);
        Assert.Equal((HttpStatusCode.Forbidden, "forbidden"), await SayAsync(bert, id, "approve", (string)shown["digest"]!));
        Assert.Equal((HttpStatusCode.Conflict, "digest_changed"), await SayAsync(anna, id, "approve", new string('0', 64)));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await anna.PostAsync($"jobs/{id}/approve", "{}")).Status);
        Assert.Equal((HttpStatusCode.OK, null), await SayAsync(anna, id, "approve", (string)shown["digest"]!));
        Assert.Equal((HttpStatusCode.Conflict, "already_decided"), await SayAsync(anna, id, "deny", (string)shown["digest"]!));
        await using var after = await broker.KilledHereAsync();
        var claim = (await Caller.Worker(after).ClaimAsync("w"))!;
        Assert.Equal(("anna-1", (string)shown["digest"]!), ((string)claim["approved"]!["by"]!, (string)claim["approved"]!["digest"]!));
        Assert.Equal(["created", "approved", "claimed"], (await after.Client().GetHistoryAsync(id)).Events.Select(static e => e.Event));
        Assert.Empty((await anna.GetAsync("approvals")).Json["approvals"]!.AsArray());
    }

    /// <summary>A yes is to what the command runs, too: if that becomes another, it has to be looked at again.</summary>
    [Fact]
    public async Task DigestHoldsWhatTheWorkersSayTheyRun()
    {
        await using var broker = await Caller.StartAsync();
        await TellAsync("w1", "sha-1");
        var id = await CreateAsync(broker, """ "approval": true """);
        var shown = Assert.Single((await Caller.Admin(broker).GetAsync("approvals")).Json["approvals"]!.AsArray())!;
        Assert.Equal(("sha-1", Digest.Of("ping", "p", "", "default", "", "sha-1")), ((string)shown["worker_definition"]!, (string)shown["digest"]!));
        await TellAsync("w2", "sha-0");
        Assert.Equal((HttpStatusCode.Conflict, "digest_changed"), await SayAsync(Caller.Admin(broker), id, "approve", (string)shown["digest"]!));
        var digest = (string)(await Caller.Bot(broker).GetAsync($"jobs/{id}")).Json["digest"]!;
        Assert.Equal(Digest.Of("ping", "p", "", "default", "", "sha-0,sha-1"), digest);
        Assert.Equal("sha-0,sha-1", (string)(await Caller.Bot(broker).GetAsync($"jobs/{id}")).Json["worker_definition"]!);
        Assert.Equal((HttpStatusCode.OK, null), await SayAsync(Caller.Admin(broker), id, "approve", digest));

        async Task TellAsync(string worker, string definition) => Assert.Equal(HttpStatusCode.OK, (await Caller.Worker(broker).SendAsync(HttpMethod.Put,
            "workers/me", $$"""{"commands": [{"name": "ping", "definition": "{{definition}}"}]}""", $"{HeaderNames.WorkerId}: {worker}")).Status);
    }

    [Fact]
    public async Task NoAndSilenceEndTheJob()
    {
        await using var broker = await Caller.StartAsync();
        var denied = await CreateAsync(broker, """ "approval": true """);
        var silent = await CreateAsync(broker, """ "approval": {"timeout_seconds": 60} """);
        var expired = await CreateAsync(broker, """ "approval": {"timeout_seconds": 60}, "expires_in_seconds": 30 """);
        Assert.Equal(HttpStatusCode.OK, (await SayAsync(Caller.Admin(broker), denied, "deny", Digest.Of("ping", "p", "", "default", ""), "not today")).Status);
        var seen = await broker.GetAsync(denied);
        Assert.Equal(("failed", "denied", "denied by admin: not today"), (seen.State, seen.Outcome, seen.Error));
        await ExplainTests.ExpectAsync(broker, denied, "denied");
        await broker.AdvanceUntilAsync(TimeSpan.FromSeconds(60), silent, static job => job.Outcome == "denied");
        Assert.Equal("denied: nobody approved it within 60 s", (await broker.GetAsync(silent)).Error);
        await broker.AdvanceUntilAsync(TimeSpan.Zero, expired, static job => job.Outcome == "expired");
    }

    [Fact]
    public async Task WhatIsChangedHasToBeApprovedAgain()
    {
        await using var broker = await Caller.StartAsync();
        var id = await CreateAsync(broker, """ "approval": true """);
        var old = Digest.Of("ping", "p", "", "default", "");
        Assert.Equal(HttpStatusCode.OK, (await SayAsync(Caller.Admin(broker), id, "approve", old)).Status);
        await Caller.Bot(broker).SendAsync(HttpMethod.Patch, $"jobs/{id}", """{"priority": 1}""");
        Assert.Equal("queued", (await broker.GetAsync(id)).State); // it is what was said yes to
        await Caller.Bot(broker).SendAsync(HttpMethod.Patch, $"jobs/{id}", """{"payload": "other"}""");
        Assert.Equal("held", (await broker.GetAsync(id)).State);
        Assert.Equal((HttpStatusCode.Conflict, "digest_changed"), await SayAsync(Caller.Admin(broker), id, "approve", old));
        Assert.Equal(HttpStatusCode.OK, (await SayAsync(Caller.Admin(broker), id, "approve", Digest.Of("ping", "other", "", "default", ""))).Status);
        await Caller.Bot(broker).SendAsync(HttpMethod.Patch, $"jobs/{id}", """{"queue": "mail"}""");
        Assert.Equal("held", (await broker.GetAsync(id)).State);
        Assert.Equal(HttpStatusCode.OK, (await SayAsync(Caller.Admin(broker), id, "deny", Digest.Of("ping", "other", "", "mail", ""))).Status);
        Assert.Equal(HttpStatusCode.OK, (await Caller.Bot(broker).PostAsync($"jobs/{id}/retry")).Status);
        Assert.Equal("held", (await broker.GetAsync(id)).State);
        var copy = (string)(await Caller.Bot(broker).PostAsync($"jobs/{await EndedAsync(broker)}/retry", """{"payload": "x"}""")).Json["id"]!;
        Assert.Equal("held", (await broker.GetAsync(copy)).State);
    }

    [Fact]
    public async Task RuleHoldsWhateverTheClientSays()
    {
        await using var broker = await Caller.StartAsync(static o => o with
        {
            Approvals =
            [
                new ApprovalRule("dep*", By: ["anna"], TimeoutSeconds: 60, Note: "prod"), new ApprovalRule(Queue: "prod"), new ApprovalRule(Requester: "eve"),
            ],
        });
        Assert.Equal("queued", (await broker.GetAsync(await CreateAsync(broker, ""))).State);
        var ids = new[]
        {
            await CreateAsync(broker, """ "command": "deploy", "approval": {"by": ["bert"], "timeout_seconds": 9} """),
            await CreateAsync(broker, """ "queue": "prod", "approval": false """), await CreateAsync(broker, """ "requester": "eve" """),
            (string)(await Caller.Bot(broker).PostAsync("jobs/batch", """{"jobs": [{"command": "deploy", "payload": "p"}]}""")).Json["jobs"]![0]!["id"]!,
        };
        foreach (var id in ids) Assert.Equal("held", (await broker.GetAsync(id)).State);
        var deploy = (await Caller.Admin(broker).GetAsync("approvals")).Json["approvals"]![0]!;
        Assert.Equal(("anna", "prod", broker.NowMs / 1000 + 60), ((string)deploy["by"]![0]!, (string)deploy["note"]!, (long)deploy["until"]!));
        var moved = await CreateAsync(broker, "");
        await Caller.Bot(broker).SendAsync(HttpMethod.Patch, $"jobs/{moved}", """{"queue": "prod"}""");
        Assert.Equal("held", (await broker.GetAsync(moved)).State);
        var made = await Caller.Bot(broker).PostAsync("schedules", """{"name": "s", "every_seconds": 60, "job": {"command": "deploy", "payload": ""}}""");
        Assert.Equal(HttpStatusCode.OK, made.Status);
        broker.Clock.Advance(TimeSpan.FromSeconds(60));
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(broker.Query<long>("select count(*) from job where schedule = 's' and state = 'held'") == 1));
    }

    [Theory]
    [InlineData("Never", false, false)]
    [InlineData("Alone", false, true)]
    [InlineData("Alone", true, false)]
    [InlineData("Always", true, true)]
    public async Task OwnJobIsForSomebodyElseToApprove(string who, bool hasOther, bool isAllowed)
    {
        await using var broker = await Caller.StartAsync(o => o with { ApproveOwn = Enum.Parse<ApproveOwn>(who) });
        var anna = await Caller.MakeAsync(broker, "anna-bot", "bot", """ "person": "anna" """);
        var asApprover = await Caller.MakeAsync(broker, "anna-1", "approver", """ "person": "anna" """);
        if (hasOther) await Caller.MakeAsync(broker, "bert-1", "approver", """ "person": "bert" """);
        var made = await anna.PostAsync("jobs", """{"command": "ping", "payload": "p", "approval": true}""");
        var (status, code) = await SayAsync(asApprover, (string)made.Json["id"]!, "approve", Digest.Of("ping", "p", "", "default", ""));
        Assert.Equal(isAllowed ? (HttpStatusCode.OK, null) : (HttpStatusCode.Forbidden, "own_job"), (status, code));
        Assert.Equal(HttpStatusCode.Forbidden, (await anna.GetAsync("approvals")).Status); // a bot decides nothing
    }

    [Fact]
    public async Task WorkerGivesAJobBackToBeApproved()
    {
        await using var broker = await Caller.StartAsync();
        var id = await CreateAsync(broker, "");
        var claim = (await Caller.Worker(broker).ClaimAsync("w"))!;
        Assert.Null(claim["approved"]);
        var wrong = await Caller.Worker(broker).PostAsync($"jobs/{id}/release", """{"hold": "me"}""", $"X-Lease-Token: {claim["lease_token"]}");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.Status);
        var given = await Caller.Worker(broker).PostAsync($"jobs/{id}/release", """{"hold": "approval", "reason": "it deletes"}""",
            $"X-Lease-Token: {claim["lease_token"]}");
        Assert.Equal(HttpStatusCode.OK, given.Status);
        Assert.Equal(("held", 0), ((await broker.GetAsync(id)).State, (await broker.GetAsync(id)).Failures));
        Assert.Equal("it deletes", (string)(await Caller.Admin(broker).GetAsync("approvals")).Json["approvals"]![0]!["note"]!);
        Assert.Equal(HttpStatusCode.OK, (await SayAsync(Caller.Admin(broker), id, "approve", Digest.Of("ping", "p", "", "default", ""))).Status);
        Assert.Equal("admin", (string)(await Caller.Worker(broker).ClaimAsync("w"))!["approved"]!["by"]!);
    }

    [Theory]
    [InlineData(""" "yes" """, "approval")]
    [InlineData("""{"by": []}""", "by")]
    [InlineData("""{"by": "anna"}""", "by")]
    [InlineData("""{"timeout_seconds": 0}""", "timeout_seconds")]
    public async Task WrongApprovalIsRefused(string approval, string named)
    {
        await using var broker = await Caller.StartAsync();
        var answer = await Caller.Bot(broker).PostAsync("jobs", $$"""{"command": "ping", "payload": "p", "approval": {{approval}}}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Contains(named, answer.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"rules": [{"comand": "x"}]}""", "line 1")]
    [InlineData("""{"rules": [{"by": []}]}""", "rule 1")]
    [InlineData("""{"rules": [{}, {"timeout_seconds": 0}]}""", "rule 2")]
    [InlineData("""{"rules": [null]}""", "rule 1")]
    [InlineData("no JSON", "line 1")]
    [InlineData(null, "can't be read")]
    public void BrokenFileOfRulesIsRefused(string? text, string named)
    {
        using var folder = new Testing.TempFolder();
        if (text is not null) File.WriteAllText(folder.File("rules.json"), text);
        var problem = Assert.Single(Assert.Throws<SettingsException>(() => Read(folder.File("rules.json"))).Problems);
        Assert.Contains(named, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void RulesAreReadWithTheirComments()
    {
        using var folder = new Testing.TempFolder();
        File.WriteAllText(folder.File("rules.json"), """
            {
              // what goes out
              "rules": [{"command": "deploy*", "by": ["anna"]},]
            }
            """);
        var rule = Assert.Single(Read(folder.File("rules.json")).Approvals);
        Assert.True(rule.Fits("deploy_web", "any", null));
        Assert.False(rule.Fits("ping", "any", null));
    }

    private static BrokerOptions Read(string rules) => BrokerOptions.Read(Settings.Load(new Dictionary<string, string>
    {
        ["BOT_TOKEN"] = new string('b', 40), ["WORKER_TOKEN"] = new string('w', 40), ["APPROVALS"] = rules,
    }.GetValueOrDefault, null));

    private static async Task<string> CreateAsync(BrokerFixture broker, string fields)
    {
        var body = JsonNode.Parse("{" + fields + "}")!.AsObject();
        body["command"] ??= "ping";
        body["payload"] = "p";
        var made = await Caller.Bot(broker).PostAsync("jobs", body.ToJsonString());
        Assert.True(made.Status == HttpStatusCode.OK, made.Text);
        return (string)made.Json["id"]!;
    }

    private static async Task<string> EndedAsync(BrokerFixture broker)
    {
        var id = await CreateAsync(broker, """ "approval": true """);
        Assert.Equal(HttpStatusCode.OK, (await Caller.Bot(broker).PostAsync($"jobs/{id}/cancel")).Status);
        return id;
    }

    private static async Task<(HttpStatusCode Status, string? Code)> SayAsync(Caller who, string id, string word, string digest, string? comment = null)
    {
        var said = await who.PostAsync($"jobs/{id}/{word}", new JsonObject { ["digest"] = digest, ["comment"] = comment }.ToJsonString());
        return (said.Status, said.Code);
    }
}
