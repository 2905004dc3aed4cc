using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Cli.Tests;

/// <summary>A list that is shown again and again, in a pipe and on a terminal.</summary>
public sealed class WatchTests
{
    private const int SigInt = 2;
    private const string Watch = "jobs --watch --every 0.1s";

    [Fact]
    public async Task InAPipeEachTableStandsBelowTheOneBeforeAndALostBrokerIsAskedAgain()
    {
        var asked = 0;
        await using var broker = new ScriptedBroker(_ => Interlocked.Increment(ref asked) switch
        {
            1 => Jobs("first"),
            2 or 3 => ScriptedAnswer.Lose,
            _ => Jobs("second"),
        });
        await using var run = ProgramProcess.Start(Clawctl.Program, Of(broker), Watch.Split(' '));
        await run.WaitForLineAsync("second");
        run.Signal(SigInt);
        Assert.Equal(ExitCodes.Ok, await run.WaitForExitAsync());
        var lines = run.Output.Split('\n');
        Assert.EndsWith("first", lines[0], StringComparison.Ordinal);
        Assert.Single(lines, static l => l.StartsWith("trying again: the broker at", StringComparison.Ordinal));
        Assert.Equal("", lines[Array.FindIndex(lines, static l => l.EndsWith("second", StringComparison.Ordinal)) - 1]);
    }

    [Fact]
    public async Task ItEndsWithWhoeverReadsIt()
    {
        await using var broker = new ScriptedBroker(_ => Jobs("first"));
        await using var bash = ProgramProcess.Start("bash", Of(broker), "-c", $"set -o pipefail; timeout 60 dotnet {Clawctl.Program} {Watch} | head -n 1");
        Assert.Equal(ExitCodes.Ok, await bash.WaitForExitAsync());
        Assert.EndsWith("first", bash.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OnATerminalItStaysInItsPlaceAndNoJobSteersIt()
    {
        await using var broker = new ScriptedBroker(_ => Jobs("a\\u001b[2Jb"));
        await using var terminal = ProgramProcess.Start("script", new Dictionary<string, string>(Of(broker)) { ["TERM"] = "xterm" },
            "--quiet", "--command", $"stty rows 24 cols 40; exec dotnet {Clawctl.Program} {Watch}", "/dev/null");
        var again = await terminal.WaitForLineAsync("\u001b[1A111111");
        Assert.Contains("a\\u001b[2Jb\u001b[K", again, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b[2J", terminal.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ABrokerThatWasNeverThereIsNotWaitedFor()
    {
        var run = await Clawctl.RunAsync(new Dictionary<string, string>
        {
            [Variables.BrokerUrl] = $"http://127.0.0.1:{FreePort.Take()}",
            [Variables.BotToken] = "bot-canary",
        }, Watch.Split(' '));
        Assert.Equal((ExitCodes.Unavailable, ""), (run.ExitCode, run.Out));
    }

    private static ScriptedAnswer Jobs(string command) => ScriptedAnswer.Ok(
        $$"""{"jobs":[{"id":"11111111-1111-4111-8111-111111111111","status":"queued","command":"{{command}}"}],"next":null}""");

    private static Dictionary<string, string> Of(ScriptedBroker broker) => new()
    {
        [Variables.BrokerUrl] = broker.Url.AbsoluteUri,
        [Variables.BotToken] = "bot-canary",
    };
}
