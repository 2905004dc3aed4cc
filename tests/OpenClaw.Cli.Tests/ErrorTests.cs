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
        var run = await Openclaw.RunAsync(Environment("http://127.0.0.1:9"), arguments);
        Assert.Equal((ExitCodes.Usage, ""), (run.ExitCode, run.Out.Contains("Usage:", StringComparison.Ordinal) ? "" : run.Out));
        Assert.Contains("`openclaw ", run.Talk, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("health")]
    [InlineData("submit", "ping")]
    [InlineData("status", Id)]
    [InlineData("jobs")]
    [InlineData("cancel", Id)]
    public async Task ABrokerOutOfReachIsSaid(params string[] arguments)
    {
        var run = await Openclaw.RunAsync(Environment($"http://127.0.0.1:{FreePort.Take()}"), arguments);
        Assert.Equal((ExitCodes.Unavailable, ""), (run.ExitCode, run.Out));
        Assert.Contains("can't reach a broker at http://127.0.0.1", run.Talk, StringComparison.Ordinal);
        Assert.Contains("`openclaw dev`", run.Talk, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(401, "unauthorized", ExitCodes.NotAllowed, "Set BOT_TOKEN")]
    [InlineData(404, "not_found", ExitCodes.NotFound, "`openclaw jobs`")]
    [InlineData(405, "method_not_allowed", ExitCodes.Unavailable, "Upgrade it")]
    [InlineData(503, "busy", ExitCodes.Unavailable, "Try again")]
    [InlineData(507, "storage_full", ExitCodes.Unavailable, "Try again")]
    [InlineData(422, "invalid", ExitCodes.Usage, "as scripted")]
    [InlineData(302, "", ExitCodes.Unavailable, "is no broker")]
    public async Task ARefusalHasItsOwnExitCode(int status, string code, int exitCode, string next)
    {
        await using var broker = new ScriptedBroker(_ => ScriptedAnswer.Problem(status, code));
        var run = await Openclaw.RunAsync(Environment(broker.Url.AbsoluteUri), "status", Id);
        Assert.Equal(exitCode, run.ExitCode);
        Assert.Contains(next, run.Talk, StringComparison.Ordinal);
        Assert.DoesNotContain("bot-canary", run.Talk, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutATokenTheNextCommandIsNamed()
    {
        var run = await Openclaw.RunAsync(new Dictionary<string, string>(), "jobs", "--folder", folder.Path);
        Assert.Equal(ExitCodes.Configuration, run.ExitCode);
        Assert.Contains("Run `openclaw dev`", run.Talk, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheTokenGoesOverNoForeignNetworkInPlainText()
    {
        var run = await Openclaw.RunAsync(Environment("http://203.0.113.7"), "jobs");
        Assert.Equal(ExitCodes.Configuration, run.ExitCode);
        Assert.Contains("ALLOW_PLAIN_HTTP", run.Talk, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheDevTokenGoesToNoOtherBroker()
    {
        await File.WriteAllTextAsync(folder.File("bot-token"), "dev-canary");
        await File.WriteAllTextAsync(folder.File("url"), "http://127.0.0.1:8000");
        await using var other = new ScriptedBroker(_ => ScriptedAnswer.Ok("{}"));
        var run = await Openclaw.RunAsync(new Dictionary<string, string> { [Variables.BrokerUrl] = other.Url.AbsoluteUri }, "jobs", "--folder", folder.Path);
        Assert.Equal(ExitCodes.Configuration, run.ExitCode);
        Assert.Empty(other.Take());
    }

    [Fact]
    public async Task ALostAnswerIsAskedForAgainWithTheSameKey()
    {
        var lost = false;
        await using var broker = new ScriptedBroker(r =>
        {
            if (r.Method == "GET") return ScriptedAnswer.Ok($$"""{"id":"{{Id}}","status":"done","state":"done","result":"pong: x"}""");
            if (lost) return ScriptedAnswer.Ok($$"""{"id":"{{Id}}","status":"queued"}""");
            lost = true;
            return ScriptedAnswer.Lose;
        });
        var run = await Openclaw.RunAsync(Environment(broker.Url.AbsoluteUri), "submit", "ping", "x", "--wait");
        Assert.Equal((ExitCodes.Ok, "pong: x\n", ""), (run.ExitCode, run.Out, run.ExitCode == 0 ? "" : run.Talk));
        var posts = broker.Take().Where(r => r.Method == "POST").Select(r => r.Headers["Idempotency-Key"]).ToList();
        Assert.Equal(2, posts.Count);
        Assert.Single(posts.Distinct());
    }

    [Fact]
    public async Task AnAcceptedJobIsNamedWhenTheBrokerRefusesToTellItsEnd()
    {
        await using var broker = new ScriptedBroker(r => r.Method == "POST" ? ScriptedAnswer.Ok($$"""{"id":"{{Id}}","status":"queued"}""") : ScriptedAnswer.Problem(401, "unauthorized"));
        var run = await Openclaw.RunAsync(Environment(broker.Url.AbsoluteUri), "submit", "ping", "x", "--wait");
        Assert.Equal(ExitCodes.NotAllowed, run.ExitCode);
        Assert.Contains($"`openclaw status {Id} --wait`", run.Talk, StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Environment(string url) => new() { [Variables.BrokerUrl] = url, [Variables.BotToken] = "bot-canary" };
}
