using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Cli.Tests;

/// <summary>What goes wrong has an exit code and a line that says what, why and what next.</summary>
public sealed class ErrorTests : IDisposable
{
    private const string Id = "11111111-1111-4111-8111-111111111111";
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData()]
    [InlineData("frob")]
    [InlineData("submit")]
    [InlineData("status")]
    [InlineData("jobs", "--limit", "many")]
    [InlineData("jobs", "--limit", "0")]
    [InlineData("submit", "ping", "a", "b")]
    public async Task WrongArgumentsAreUsageErrors(params string[] arguments)
    {
        var run = await Clawctl.RunAsync(Environment("http://127.0.0.1:9"), arguments);
        Assert.Equal((ExitCodes.Usage, ""), (run.ExitCode, run.Out.Contains("Usage:", StringComparison.Ordinal) ? "" : run.Out));
        Assert.Contains("`clawctl ", run.Messages, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("health")]
    [InlineData("submit", "ping")]
    [InlineData("status", Id)]
    [InlineData("jobs")]
    [InlineData("cancel", Id)]
    public async Task ABrokerOutOfReachIsSaid(params string[] arguments)
    {
        var run = await Clawctl.RunAsync(Environment($"http://127.0.0.1:{FreePort.Take()}"), arguments);
        Assert.Equal((ExitCodes.Unavailable, ""), (run.ExitCode, run.Out));
        Assert.Contains("can't reach a broker at http://127.0.0.1", run.Messages, StringComparison.Ordinal);
        Assert.Contains("`clawctl dev`", run.Messages, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(401, "unauthorized", ExitCodes.NotAllowed, "Set BOT_TOKEN")]
    [InlineData(404, "not_found", ExitCodes.NotFound, "`clawctl jobs`")]
    [InlineData(405, "method_not_allowed", ExitCodes.Unavailable, "Upgrade it")]
    [InlineData(503, "busy", ExitCodes.Unavailable, "Try again")]
    [InlineData(507, "storage_full", ExitCodes.Unavailable, "Try again")]
    [InlineData(422, "invalid", ExitCodes.Usage, "as scripted")]
    [InlineData(302, "", ExitCodes.Unavailable, "is no broker")]
    public async Task ARefusalHasItsOwnExitCode(int status, string code, int exitCode, string next)
    {
        await using var broker = new ScriptedBroker(_ => ScriptedAnswer.Problem(status, code));
        var run = await Clawctl.RunAsync(Environment(broker.Url.AbsoluteUri), "status", Id);
        Assert.Equal(exitCode, run.ExitCode);
        Assert.Contains(next, run.Messages, StringComparison.Ordinal);
        Assert.DoesNotContain("bot-canary", run.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutATokenTheNextCommandIsNamed()
    {
        var run = await Clawctl.RunAsync(new Dictionary<string, string>(), "jobs", "--folder", folder.Path);
        Assert.Equal(ExitCodes.Configuration, run.ExitCode);
        Assert.Contains("Run `clawctl dev`", run.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheTokenGoesOverNoForeignNetworkInPlainText()
    {
        var run = await Clawctl.RunAsync(Environment("http://203.0.113.7"), "jobs");
        Assert.Equal(ExitCodes.Configuration, run.ExitCode);
        Assert.Contains("ALLOW_PLAIN_HTTP", run.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheDevTokenGoesToNoOtherBroker()
    {
        await File.WriteAllTextAsync(folder.File("bot-token"), "dev-canary");
        await File.WriteAllTextAsync(folder.File("url"), "http://127.0.0.1:8000");
        await using var other = new ScriptedBroker(_ => ScriptedAnswer.Ok("{}"));
        var run = await Clawctl.RunAsync(new Dictionary<string, string> { [Variables.BrokerUrl] = other.Url.AbsoluteUri }, "jobs", "--folder", folder.Path);
        Assert.Equal(ExitCodes.Configuration, run.ExitCode);
        Assert.Empty(other.Take());
    }

    [Fact]
    public async Task ALostAnswerIsAskedForAgainWithTheSameKey()
    {
        var lost = false;
        await using var broker = new ScriptedBroker(r =>
        {
            if (r.Method == "GET") return ScriptedAnswer.Ok($$"""{"id":"{{Id}}","status":"done","state":"done","command":"ping","result":"pong: x"}""");
            if (lost) return ScriptedAnswer.Ok($$"""{"id":"{{Id}}","status":"queued"}""");
            lost = true;
            return ScriptedAnswer.Lose;
        });
        var run = await Clawctl.RunAsync(Environment(broker.Url.AbsoluteUri), "submit", "ping", "x", "--wait");
        Assert.Equal((ExitCodes.Ok, "pong: x\n", ""), (run.ExitCode, run.Out, run.ExitCode == 0 ? "" : run.Messages));
        var posts = broker.Take().Where(r => r.Method == "POST").Select(r => r.Headers["Idempotency-Key"]).ToList();
        Assert.Equal(2, posts.Count);
        Assert.Single(posts.Distinct());
    }

    [Fact]
    public async Task AnAcceptedJobIsNamedWhenTheBrokerRefusesToTellItsEnd()
    {
        await using var broker = new ScriptedBroker(
            r => r.Method == "POST" ? ScriptedAnswer.Ok($$"""{"id":"{{Id}}","status":"queued"}""") : ScriptedAnswer.Problem(401, "unauthorized"));
        var run = await Clawctl.RunAsync(Environment(broker.Url.AbsoluteUri), "submit", "ping", "x", "--wait");
        Assert.Equal(ExitCodes.NotAllowed, run.ExitCode);
        Assert.Contains($"`clawctl watch {Id}`", run.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatTheOriginalBrokerDoesNotFindIsSaidInItsWords()
    {
        await using var broker = new ScriptedBroker(_ => new ScriptedAnswer(404, """{"detail":"Not Found"}"""));
        var run = await Clawctl.RunAsync(Environment(broker.Url.AbsoluteUri), "cancel", Id);
        Assert.Equal(ExitCodes.NotFound, run.ExitCode);
        Assert.Contains("says: Not Found. There is no job with this id, or it is the original broker", run.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SeveralStatesAreOneFilter()
    {
        await using var broker = new ScriptedBroker(_ => ScriptedAnswer.Ok("""{"jobs":[],"next":null}"""));
        Assert.Equal(ExitCodes.Ok, (await Clawctl.RunAsync(Environment(broker.Url.AbsoluteUri), "jobs", "--state", "failed, cancelled")).ExitCode);
        Assert.Equal("?state=failed%2Ccancelled&limit=20", Assert.Single(broker.Take()).Query);
    }

    [Fact]
    public async Task WhatOthersWroteIsShownAndSteersNothing()
    {
        const string Evil = "a\\u001b[2Jb\\u202ec\\u200bd\\r\\nsecond line";
        await using var broker = new ScriptedBroker(_ => ScriptedAnswer.Ok(
            $$"""{"id":"{{Id}}","status":"failed","state":"failed","command":"{{Evil}}","worker_id":"{{Evil}}","error":"{{Evil}}"}"""));
        var status = await Clawctl.RunAsync(Environment(broker.Url.AbsoluteUri), "status", Id);
        Assert.Contains("error      a\\u001b[2Jb\\u202ec\\u200bd\nsecond line", status.Out, StringComparison.Ordinal);
        var submit = await Clawctl.RunAsync(Environment(broker.Url.AbsoluteUri), "submit", "ping", "--wait");
        Assert.Contains("failed: a\\u001b[2Jb\\u202ec\\u200bd", submit.Messages, StringComparison.Ordinal);
    }

    /// <summary>Ids of one moment begin alike.</summary>
    private static ScriptedAnswer Two() => ScriptedAnswer.Ok(
        """
        {"jobs": [
          {"id":"01a20bb0-0000-7000-8000-00000a11ce01","status":"queued","command":"one"},
          {"id":"01a20bb0-0000-7000-8000-00000b0b0e01","status":"queued","command":"two","created_at":253402300799}
        ], "next": null}
        """);

    [Theory]
    [InlineData("1ce01")]
    [InlineData("A11CE01")]
    [InlineData("8000-00000a11ce01")]
    [InlineData("01a20bb0-0000-7000-8000-00000a")]
    [InlineData("01A20BB0-0000-7000-8000-00000A11CE01")]
    public async Task AJobIsNamedByAnyBeginningOrEndThatIsItsOwn(string name)
    {
        await using var broker = new ScriptedBroker(r => r.Path == "/jobs" ? Two() : ScriptedAnswer.Ok("""{"ok":true,"status":"failed"}"""));
        var run = await Clawctl.RunAsync(Environment(broker.Url.AbsoluteUri), "cancel", name);
        Assert.Equal((ExitCodes.Ok, "cancelled\n"), (run.ExitCode, run.Out));
        Assert.Equal("/jobs/01a20bb0-0000-7000-8000-00000a11ce01/cancel", broker.Take()[^1].Path);
    }

    [Theory]
    [InlineData("01a20bb0", ExitCodes.Usage, "2 ids; give more of it:")]
    [InlineData("e01", ExitCodes.Usage, "01a20bb0-0000-7000-8000-00000b0b0e01  queued  two  0 s ago")]
    [InlineData("beef", ExitCodes.NotFound, "no job's id begins or ends with 'beef'.")]
    [InlineData("ping", ExitCodes.Usage, "is no job's id")]
    [InlineData("-", ExitCodes.Usage, "is no job's id")]
    public async Task ANameOfNoneOrSeveralIsSaid(string name, int exitCode, string text)
    {
        await using var broker = new ScriptedBroker(_ => Two());
        foreach (var command in (string[])["status", "watch", "cancel"])
        {
            var run = await Clawctl.RunAsync(Environment(broker.Url.AbsoluteUri), command, name);
            Assert.Equal((exitCode, ""), (run.ExitCode, run.Out));
            Assert.Contains(text, run.Messages, StringComparison.Ordinal);
        }
        Assert.All(broker.Take(), r => Assert.Equal("/jobs", r.Path));
    }

    [Theory]
    [InlineData("11111111-1111-4111-8111-111111111111")]
    [InlineData("11111111111141118111111111111111")]
    public async Task AWholeIdIsNotLookedFor(string name)
    {
        await using var broker = new ScriptedBroker(_ => ScriptedAnswer.Ok($$"""{"id":"{{Id}}","status":"queued","command":"ping"}"""));
        Assert.Equal(ExitCodes.Ok, (await Clawctl.RunAsync(Environment(broker.Url.AbsoluteUri), "status", name)).ExitCode);
        Assert.Equal("/jobs/" + Id, Assert.Single(broker.Take()).Path);
    }

    [Fact]
    public async Task AnOldJobIsFoundByItsEnd()
    {
        var others = string.Join(',', Enumerable.Repeat("{\"id\":\"01a20bb0-0000-7000-8000-00000b0b0e01\",\"status\":\"queued\",\"command\":\"x\"}", 200));
        var pages = 0;
        await using var broker = new ScriptedBroker(r => r.Path != "/jobs" ? ScriptedAnswer.Ok($$"""{"id":"{{Id}}","status":"queued","command":"old"}""")
            : ScriptedAnswer.Ok(++pages <= 20 ? $$"""{"jobs":[{{others}}],"next":"more"}"""
                : $$"""{"jobs":[{"id":"{{Id}}","status":"queued","command":"old"}],"next":null}"""));
        var run = await Clawctl.RunAsync(Environment(broker.Url.AbsoluteUri), "status", "111111");
        Assert.Equal(ExitCodes.Ok, run.ExitCode);
        Assert.Contains("command    old", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheSearchForANameEnds()
    {
        var jobs = string.Join(',', Enumerable.Repeat($$"""{"id":"{{Id}}","status":"queued","command":"x"}""", 200));
        await using var broker = new ScriptedBroker(_ => ScriptedAnswer.Ok($$"""{"jobs":[{{jobs}}],"next":"more"}"""));
        var run = await Clawctl.RunAsync(Environment(broker.Url.AbsoluteUri), "status", "beef");
        Assert.Equal(ExitCodes.NotFound, run.ExitCode);
        Assert.Contains("among the newest 100000; an older one takes its whole id", run.Messages, StringComparison.Ordinal);
        Assert.Equal(500, broker.Take().Count);
    }

    private static Dictionary<string, string> Environment(string url) => new() { [Variables.BrokerUrl] = url, [Variables.BotToken] = "bot-canary" };
}
