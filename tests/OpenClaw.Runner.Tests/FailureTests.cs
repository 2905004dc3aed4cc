using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Runner.Tests;

/// <summary>The runner's process when disk, log or broker fail: it goes on, or it ends and says so.</summary>
public sealed class FailureTests : IDisposable
{
    private const string Id = "11111111-1111-4111-8111-111111111111";
    private const string Spool = $"state/outbox/{Id}.1.result.json";
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task ASpoolFileThatCannotBeDeletedEndsTheRunner()
    {
        await using var broker = OneJob(_ =>
        {
            File.Delete(folder.File(Spool));
            Directory.CreateDirectory(folder.File(Spool));
            return ScriptedAnswer.Ok("""{"ok":true,"status":"done"}""");
        });
        await using var runner = StartRunner(broker.Url);
        await EndedByDiskAsync(runner, "can't delete");
    }

    [Fact]
    public async Task ASpoolFileThatCannotBeWrittenEndsTheRunnerAfterOneTryToSendIt()
    {
        Directory.CreateDirectory(folder.File(Spool));
        await using var broker = OneJob(_ => ScriptedAnswer.Problem(503, "busy"));
        await using var runner = StartRunner(broker.Url);
        Assert.Equal("""{"result":"pong: hello"}""", (await broker.NextAsync("/result")).Body);
        await EndedByDiskAsync(runner, "can't write");
    }

    [Fact]
    public async Task ASpoolFileThatCannotBeMovedEndsTheRunner()
    {
        Directory.CreateDirectory(folder.File($"state/outbox/orphans/{Path.GetFileName(Spool)}/in the way"));
        await using var broker = OneJob(_ => ScriptedAnswer.Problem(409, "lease_lost"));
        await using var runner = StartRunner(broker.Url);
        await EndedByDiskAsync(runner, "can't move");
    }

    [Fact]
    public async Task AnOutboxThatCannotBeMadeIsAWrongConfiguration()
    {
        Directory.CreateDirectory(folder.File("state"));
        await File.WriteAllTextAsync(folder.File("state/outbox"), "in the way");
        await using var runner = StartRunner(new Uri("http://127.0.0.1:9"));
        Assert.Equal(ExitCodes.Configuration, await runner.WaitForExitAsync());
        Assert.StartsWith("openclaw-runner: RUNNER_STATE_DIR: can't make", Assert.Single(runner.Output.Split('\n')), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2>/dev/full")]
    [InlineData("2> >(exec 0<&-)")]
    public async Task ALogThatCannotBeWrittenStopsNoWork(string redirection)
    {
        await using var broker = OneJob(_ => ScriptedAnswer.Ok("""{"ok":true,"status":"done"}"""));
        var program = Repository.Program("OpenClaw.Runner", "openclaw-runner");
        await using var runner = ProgramProcess.Start("bash", Variables(broker.Url), "-c", $"exec dotnet '{program}' {redirection}");
        await broker.NextAsync("/result");
        await broker.NextAsync("/jobs/next");
        Assert.Equal(ExitCodes.Ok, await runner.StopAsync());
    }

    [Theory]
    [InlineData("application/json; charset=bogus", "{\"job\":")]
    [InlineData("application/json", "{\"job\":{\"id\":null,\"status\":\"running\",\"command\":\"ping\"}}")]
    [InlineData("application/json", "{\"job\":{\"id\":\"" + Id + "\",\"status\":\"running\",\"lease_token\":\"l\",\"lease_seconds\":1e300}}")]
    [InlineData("application/json", "{\"job\":{\"id\":\"" + Id + "\",\"status\":\"running\",\"command\":\"ping\",\"payload\":\"\\ud800\"}}")]
    [InlineData("application/json", "[]")]
    [InlineData("application/json", "null")]
    [InlineData("text/html", "<html>")]
    public async Task AnAnswerThatIsNoneIsLoggedAndTheNextJobDone(string contentType, string body) =>
        await GoesOnAfterAsync(ScriptedAnswer.Ok(body) with { ContentType = contentType });

    [Fact]
    public Task AnEndlessAnswerIsGivenUp() => GoesOnAfterAsync(ScriptedAnswer.Endless);

    private async Task GoesOnAfterAsync(ScriptedAnswer odd)
    {
        var claims = 0;
        await using var broker = new ScriptedBroker(r =>
        {
            if (!r.Path.EndsWith("/next", StringComparison.Ordinal)) return ScriptedAnswer.Ok("""{"ok":true,"status":"done"}""");
            return ++claims switch { 1 => odd, 2 => ScriptedAnswer.Job(Id, "ping", "hello"), _ => ScriptedAnswer.Hold };
        });
        await using var runner = StartRunner(broker.Url);
        Assert.Equal("""{"result":"pong: hello"}""", (await broker.NextAsync("/result")).Body);
        Assert.Contains(runner.Output.Split('\n'), l => l.Contains(" warn ", StringComparison.Ordinal) || l.Contains(" error ", StringComparison.Ordinal));
        Assert.Equal(ExitCodes.Ok, await runner.StopAsync());
    }

    private async Task EndedByDiskAsync(ProgramProcess runner, string what)
    {
        Assert.Equal(ExitCodes.Io, await runner.WaitForExitAsync());
        var line = Assert.Single(runner.Output.Split('\n'), l => l.Contains("runner ends: its disk fails", StringComparison.Ordinal));
        Assert.Contains($"{what} {folder.File(Spool)}", line, StringComparison.Ordinal);
        Assert.Contains("Let this user write there", line, StringComparison.Ordinal);
    }

    /// <summary>A broker that has one ping, and then none for ever.</summary>
    private static ScriptedBroker OneJob(Func<ScriptedRequest, ScriptedAnswer> result)
    {
        var claimed = false;
        return new ScriptedBroker(r =>
        {
            if (!r.Path.EndsWith("/next", StringComparison.Ordinal)) return result(r);
            if (claimed) return ScriptedAnswer.Hold;
            claimed = true;
            return ScriptedAnswer.Job(Id, "ping", "hello");
        });
    }

    private ProgramProcess StartRunner(Uri broker) => ProgramProcess.Start(Repository.Program("OpenClaw.Runner", "openclaw-runner"), Variables(broker));

    private Dictionary<string, string> Variables(Uri broker) => new()
    {
        [Programs.Variables.BrokerUrl] = broker.AbsoluteUri,
        [Programs.Variables.WorkerToken] = BrokerProcess.WorkerToken,
        [Programs.Variables.RunnerStateDir] = folder.File("state"),
        [Programs.Variables.PollIntervalSec] = "0.2",
    };
}
