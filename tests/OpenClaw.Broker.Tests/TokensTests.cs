using System.Net;
using OpenClaw.Broker.Access;

namespace OpenClaw.Broker.Tests;

/// <summary>Tokens as rows: made, used, bound, limited, revoked.</summary>
public sealed class TokensTests
{
    [Fact]
    public async Task TokenWorksFromWhenItIsMadeUntilItIsRevokedAlsoOverARestart()
    {
        await using var broker = await Caller.StartAsync();
        var old = await Caller.MakeAsync(broker, "phone", "bot");
        var young = await Caller.MakeAsync(broker, "phone-2", "bot");
        await old.CreateAsync();
        await broker.StartAgainAsync();
        await old.CreateAsync();
        await young.CreateAsync();
        Assert.Equal(HttpStatusCode.OK, (await Caller.Admin(broker).DeleteAsync("tokens/phone")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await old.GetAsync("jobs")).Status);
        await young.CreateAsync();
        await broker.StartAgainAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, (await old.GetAsync("jobs")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Caller.Admin(broker).DeleteAsync("tokens/phone")).Status);
    }

    [Fact]
    public async Task OnlyTheHashOfATokenIsKept()
    {
        await using var broker = await Caller.StartAsync();
        var token = await Caller.MakeAsync(broker, "phone", "bot");
        await token.CreateAsync();
        var file = string.Concat(new[] { "", "-wal" }.Select(suffix => File.Exists(broker.DatabasePath + suffix)
            ? System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(broker.DatabasePath + suffix)) : ""));
        foreach (var text in (string[])[token.Text, Caller.AdminToken, OpenClaw.Testing.BrokerProcess.BotToken])
        {
            for (var i = 4; i + 8 <= text.Length; i++) Assert.DoesNotContain(text.Substring(i, 8), file, StringComparison.Ordinal);
        }
        Assert.Equal(32, broker.Query<long>("select length(hash) from token"));
    }

    [Fact]
    public async Task TokenExpiresAndItsLastUseIsListed()
    {
        await using var broker = await Caller.StartAsync();
        var soon = broker.NowMs / 1000 + 3600;
        var token = await Caller.MakeAsync(broker, "phone", "reader", $"\"expires_at\": {soon}");
        Assert.Equal(HttpStatusCode.OK, (await token.GetAsync("jobs")).Status);
        var used = broker.NowMs / 1000;
        broker.Clock.Advance(TimeSpan.FromMinutes(2));
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(broker.Query<long?>("select used_at from token") == used * 1000));
        await broker.StartAgainAsync();
        var listed = (await Caller.Admin(broker).GetAsync("tokens")).Json["tokens"]!.AsArray().Single(t => (string?)t!["name"] == "phone")!;
        Assert.Equal((used, soon), ((long)listed["used_at"]!, (long)listed["expires_at"]!));
        Assert.Equal(("reader", "admin"), ((string?)listed["role"], (string?)listed["created_by"]));
        Assert.Null(listed["token"]);
        broker.Clock.Advance(TimeSpan.FromHours(1));
        var late = await token.GetAsync("jobs");
        Assert.Equal((HttpStatusCode.Unauthorized, "bad bot token: it has expired; ask for a new one"), (late.Status, late.Detail));
    }

    [Fact]
    public async Task RevokedTokenEndsWhatWaitsUnderIt()
    {
        await using var broker = await Caller.StartAsync();
        var worker = await Caller.MakeAsync(broker, "laptop", "worker");
        var waiting = worker.GetAsync("jobs/next?wait=60", "X-Worker-Id: laptop");
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(IsWaiting(broker)));
        await Caller.Admin(broker).DeleteAsync("tokens/laptop");
        Assert.Null((await waiting).Json["job"]); // on a clock that stands still: not its time ended it
        await broker.CreateAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, (await worker.GetAsync("jobs/next", "X-Worker-Id: laptop")).Status);
    }

    [Fact]
    public async Task WrongFieldIsNamedAndNothingIsMade()
    {
        (string Body, string Field)[] wrong =
        [
            ("""{"role": "bot"}""", "name"),
            ("""{"name": "bot", "role": "bot"}""", "name"),
            ("""{"name": "_x", "role": "bot"}""", "name"),
            ("""{"name": "x", "role": "king"}""", "role"),
            ("""{"name": "x", "role": "agent"}""", "commands"),
            ("""{"name": "x", "role": "reader", "acts_for": true}""", "acts_for"),
            ("""{"name": "x", "role": "bot", "queues": ["a"]}""", "queues"),
            ("""{"name": "x", "role": "worker", "person": "anna"}""", "person"),
            ("""{"name": "x", "role": "worker", "caps": "gpu"}""", "caps"),
            ("""{"name": "x", "role": "bot", "per_minute": 0}""", "per_minute"),
            ("""{"name": "x", "role": "bot", "per_minute": "5"}""", "per_minute"),
            ("""{"name": "x", "role": "bot", "expires_at": 5}""", "expires_at"),
        ];
        await using var broker = await Caller.StartAsync();
        foreach (var (body, field) in wrong)
        {
            var refused = await Caller.Admin(broker).PostAsync("tokens", body);
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
            Assert.Equal(field, (string?)refused.Json["detail"]![0]!["loc"]![1]);
        }
        Assert.Equal(0, broker.Query<long>("select count(*) from token"));
    }

    [Fact]
    public async Task TakenNameAndTokenOfTheConfigurationAreRefused()
    {
        await using var broker = await Caller.StartAsync();
        await Caller.MakeAsync(broker, "phone", "bot");
        Assert.Equal("exists", (await Caller.Admin(broker).PostAsync("tokens", """{"name": "phone", "role": "bot"}""")).Code);
        Assert.Equal("configured", (await Caller.Admin(broker).DeleteAsync("tokens/bot")).Code);
    }

    [Fact]
    public async Task AgentAsksForItsCommandsWithinItsRateAndSeesItsOwnJobsAlone()
    {
        await using var broker = await Caller.StartAsync();
        var agent = await Caller.MakeAsync(broker, "agent-a", "agent", """ "commands": ["ping", "repo_*"], "per_minute": 3 """);
        var other = await Caller.MakeAsync(broker, "agent-b", "agent", """ "commands": ["*"] """);
        var refused = await agent.PostAsync("jobs", """{"command": "deploy", "payload": ""}""");
        Assert.Equal((HttpStatusCode.Forbidden, "forbidden"), (refused.Status, refused.Code));
        Assert.Contains("ping, repo_*", refused.Detail, StringComparison.Ordinal);
        var mine = await agent.CreateAsync();
        await agent.CreateAsync("repo_list");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await agent.PostAsync("jobs", """{"command": "ping"}""")).Status); // counts nothing
        await agent.CreateAsync();
        var tooMany = await agent.PostAsync("jobs", """{"command": "ping", "payload": ""}""");
        Assert.Equal((HttpStatusCode.TooManyRequests, "rate_limited", TimeSpan.FromMinutes(1)), (tooMany.Status, tooMany.Code, tooMany.RetryAfter));
        broker.Clock.Advance(TimeSpan.FromMinutes(1));
        await agent.CreateAsync();
        var theirs = await other.CreateAsync();
        var bots = await Caller.Bot(broker).CreateAsync();
        foreach (var id in (string[])[theirs, bots])
        {
            Assert.Equal((await agent.GetAsync("jobs/00000000-0000-4000-8000-000000000000")).Text, (await agent.GetAsync($"jobs/{id}")).Text);
            Assert.Equal(HttpStatusCode.NotFound, (await agent.GetAsync($"jobs/{id}?wait=60")).Status);
            Assert.Equal(HttpStatusCode.NotFound, (await agent.PostAsync($"jobs/{id}/cancel")).Status);
        }
        Assert.Equal(HttpStatusCode.OK, (await agent.GetAsync($"jobs/{mine}")).Status);
        Assert.Equal(4, (await agent.GetAsync("jobs")).Json["jobs"]!.AsArray().Count);
        Assert.Equal(theirs, (string?)(await other.GetAsync("jobs")).Json["jobs"]!.AsArray().Single()!["id"]);
        Assert.Equal(HttpStatusCode.OK, (await agent.PostAsync($"jobs/{mine}/cancel")).Status);
    }

    [Fact]
    public async Task WorkersTokenSpeaksForItsWorkersWithItsQueuesAndCapabilitiesAlone()
    {
        await using var broker = await Caller.StartAsync();
        var worker = await Caller.MakeAsync(broker, "laptops", "worker", """ "worker_pattern": "lap-*", "queues": ["mail", "default"], "caps": ["gpu"] """);
        var held = await broker.CreateAsync();
        Assert.Equal(held, (string?)(await Caller.Worker(broker).ClaimAsync("w2"))!["id"]);
        Assert.Equal("forbidden", (await worker.GetAsync("jobs/next", "X-Worker-Id: w2")).Code);
        Assert.Equal("forbidden", (await worker.GetAsync("jobs/next")).Code);
        Assert.Equal("forbidden", (await worker.GetAsync("jobs/next", "X-Worker-Id: lap-1", "X-Worker-Queues: secret")).Code);
        Assert.Equal("forbidden", (await worker.GetAsync("jobs/next", "X-Worker-Id: lap-1", "X-Worker-Caps: gpu, tpu")).Code);
        Assert.Equal("forbidden", (await worker.PostAsync($"jobs/{held}/result", """{"result": "r"}""", "X-Worker-Id: w2")).Code);
        Assert.Equal("forbidden", (await worker.PostAsync($"jobs/{held}/result", """{"result": "r"}""")).Code);
        Assert.Equal(HttpStatusCode.Conflict, (await worker.PostAsync($"jobs/{held}/result", """{"result": "r"}""", "X-Worker-Id: lap-1")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await worker.GetAsync($"jobs/{held}")).Status);
        var mine = await broker.CreateAsync();
        Assert.Equal(mine, (string?)(await worker.ClaimAsync("lap-1"))!["id"]);
        Assert.Equal(HttpStatusCode.OK, (await worker.GetAsync($"jobs/{mine}")).Status);
        await broker.BotAsync("jobs", new { command = "ping", payload = "m", queue = "mail" });
        Assert.Equal("mail", (string?)(await worker.ClaimAsync("lap-1"))!["queue"]); // its own queues, where it names none
    }

    [Fact]
    public async Task OneTokenHasOnlySoManyCallsWaiting()
    {
        await using var broker = await Caller.StartAsync();
        var credential = new Credential(new Token { Name = "x", Hash = [], Role = Role.Worker });
        var waits = Enumerable.Range(0, 512).Select(_ => credential.BeginWait()).ToList();
        Assert.Equal(429, Assert.Throws<Http.ProblemException>(credential.BeginWait).Status);
        waits[0].Dispose();
        credential.BeginWait().Dispose();
    }

    [Fact]
    public async Task WhoActsForAPersonHasThatPersonsRights()
    {
        await using var broker = await Caller.StartAsync();
        var bot = await Caller.MakeAsync(broker, "discord", "bot", """ "acts_for": true """);
        await Caller.MakeAsync(broker, "anna", "reader", """ "person": "discord:1" """);
        await Caller.MakeAsync(broker, "bert", "agent", """ "person": "discord:2", "commands": ["ping"], "per_minute": 1 """);
        await Caller.MakeAsync(broker, "root", "admin", """ "person": "discord:3" """);
        Assert.Equal("forbidden", (await bot.PostAsync("jobs", """{"command": "ping", "payload": ""}""", "X-Acting-For: discord:1")).Code);
        Assert.Equal(HttpStatusCode.OK, (await bot.GetAsync("audit", "X-Acting-For: discord:1")).Status);
        Assert.Equal("forbidden", (await bot.PostAsync("jobs", """{"command": "deploy", "payload": ""}""", "X-Acting-For: discord:2")).Code);
        var berts = await bot.CreateAsync("ping", "X-Acting-For: discord:2");
        Assert.Equal("rate_limited", (await bot.PostAsync("jobs", """{"command": "ping", "payload": ""}""", "X-Acting-For: discord:2")).Code);
        Assert.Equal("discord:2", (string?)(await Caller.Bot(broker).GetAsync($"jobs/{berts}")).Json["requester"]);
        Assert.Equal("forbidden", (await bot.GetAsync("tokens", "X-Acting-For: discord:3")).Code); // never the admin's, through a bot
        await bot.CreateAsync("deploy", "X-Acting-For: discord:3");
        var unknown = await bot.CreateAsync("deploy", "X-Acting-For: discord:4"); // nobody's token stands for them: the bot's rights
        Assert.Equal(HttpStatusCode.NotFound, (await bot.GetAsync($"jobs/{unknown}", "X-Acting-For: discord:2")).Status);
        Assert.Equal(berts, (string?)(await bot.GetAsync("jobs", "X-Acting-For: discord:2")).Json["jobs"]!.AsArray().Single()!["id"]);
        Assert.Equal("forbidden", (await Caller.Bot(broker).GetAsync("jobs", "X-Acting-For: discord:1")).Code); // not granted
        Assert.Equal("forbidden", (await bot.GetAsync("jobs", "X-Acting-For: ")).Code);
        Assert.Equal("discord:4 via discord", broker.Query<string>(
            $"select json_extract(e.value, '$.actor') from audit, json_each(audit.entries) e where json_extract(e.value, '$.target') = '{unknown}'"));
    }

    [Fact]
    public async Task TokenThatNamesAPersonSetsTheRequester()
    {
        await using var broker = await Caller.StartAsync();
        var anna = await Caller.MakeAsync(broker, "anna", "bot", """ "person": "anna" """);
        var hers = await anna.PostAsync("jobs", """{"command": "ping", "payload": "", "requester": "bert"}""");
        Assert.Equal("anna", (string?)(await anna.GetAsync($"jobs/{hers.Json["id"]}")).Json["requester"]);
        var berts = await Caller.Bot(broker).PostAsync("jobs", """{"command": "ping", "payload": "", "requester": "bert"}""");
        Assert.Equal((string?)berts.Json["id"], (string?)(await anna.GetAsync("jobs?requester=bert")).Json["jobs"]!.AsArray().Single()!["id"]);
    }

    [Fact]
    public async Task IdempotencyKeyIsItsTokensOwn()
    {
        await using var broker = await Caller.StartAsync();
        var one = await Caller.MakeAsync(broker, "one", "bot");
        var two = await Caller.MakeAsync(broker, "two", "bot");
        var first = await one.CreateAsync("ping", "Idempotency-Key: k");
        Assert.Equal(first, await one.CreateAsync("ping", "Idempotency-Key: k"));
        Assert.NotEqual(first, await two.CreateAsync("ping", "Idempotency-Key: k"));
    }

    [Fact]
    public async Task UnfinishedJobsAndTheirBytesAreLimited()
    {
        await using var broker = await Caller.StartAsync(static o => o with { MaxQueuedJobs = 3, MaxQueuedBytes = 10 });
        var small = await Caller.MakeAsync(broker, "small", "bot", """ "max_queued": 1 """);
        await small.CreateAsync();
        Assert.Equal("queue_full", (await small.PostAsync("jobs", """{"command": "ping", "payload": ""}""")).Code);
        var bot = Caller.Bot(broker);
        Assert.Contains("bytes", (await bot.PostAsync("jobs", """{"command": "ping", "payload": "0123456789"}""")).Detail, StringComparison.Ordinal);
        var second = await bot.CreateAsync();
        await bot.CreateAsync();
        await broker.StartAgainAsync();
        var full = await bot.PostAsync("jobs", """{"command": "ping", "payload": ""}""");
        Assert.Equal((HttpStatusCode.TooManyRequests, "queue_full", 3, 3), (full.Status, full.Code, (int)full.Json["depth"]!, (int)full.Json["limit"]!));
        Assert.NotNull(full.RetryAfter);
        await bot.PostAsync($"jobs/{second}/cancel");
        await bot.CreateAsync();
        Assert.Equal("queue_full", (await bot.PostAsync("jobs", """{"command": "ping", "payload": ""}""")).Code);
    }

    [Fact]
    public async Task RateOfTheConfigurationHoldsForTokensWithoutTheirOwn()
    {
        await using var broker = await Caller.StartAsync(static o => o with { JobsPerMinute = 2 });
        var bot = Caller.Bot(broker);
        for (var n = 0; n < 2; n++) await bot.CreateAsync("ping", "Idempotency-Key: k"); // the same job twice is one
        await bot.CreateAsync();
        Assert.Equal("rate_limited", (await bot.PostAsync("jobs", """{"command": "ping", "payload": ""}""")).Code);
        await (await Caller.MakeAsync(broker, "other", "bot")).CreateAsync();
    }

    [Fact]
    public async Task CodeEnrolsAMachineOnceWithinTenMinutes()
    {
        await using var broker = await Caller.StartAsync();
        var offer = await Caller.Admin(broker).PostAsync("enrolments", """{"worker": "laptop", "caps": ["gpu"]}""");
        var code = (string)offer.Json["code"]!;
        Assert.Equal($"openclaw-runner enrol {broker.Url.ToString().TrimEnd('/')} {code}", (string?)offer.Json["line"]);
        var stranger = new Caller(broker, "X-Unrelated", "x");
        var enrolled = await stranger.PostAsync("enrol", $$"""{"code": "{{code}}"}""");
        var worker = new Caller(broker, "X-Worker-Token", (string)enrolled.Json["token"]!);
        Assert.Equal("forbidden", (await worker.GetAsync("jobs/next", "X-Worker-Id: other")).Code);
        Assert.Equal(HttpStatusCode.OK, (await worker.GetAsync("jobs/next", "X-Worker-Id: laptop", "X-Worker-Caps: gpu")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.PostAsync("enrol", $$"""{"code": "{{code}}"}""")).Status);
        var late = (string)(await Caller.Admin(broker).PostAsync("enrolments", """{"worker": "laptop"}""")).Json["code"]!;
        broker.Clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.PostAsync("enrol", $$"""{"code": "{{late}}"}""")).Status);
        var again = (string)(await Caller.Admin(broker).PostAsync("enrolments", """{"worker": "laptop"}""")).Json["code"]!;
        Assert.Equal(HttpStatusCode.OK, (await stranger.PostAsync("enrol", $$"""{"code": "{{again}}"}""")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await worker.GetAsync("jobs/next", "X-Worker-Id: laptop")).Status); // the machine's older token is replaced
        var taken = (string)(await Caller.Admin(broker).PostAsync("enrolments", """{"worker": "desk"}""")).Json["code"]!;
        await Caller.MakeAsync(broker, "desk", "reader");
        Assert.Equal("exists", (await stranger.PostAsync("enrol", $$"""{"code": "{{taken}}"}""")).Code); // nobody else's is
    }

    private static bool IsWaiting(BrokerFixture broker) =>
        broker.Services.GetService(typeof(Tokens)) is Tokens tokens && tokens.Named("laptop")!.IsWaited;
}
