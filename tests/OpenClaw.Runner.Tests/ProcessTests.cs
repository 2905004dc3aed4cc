using System.Globalization;
using OpenClaw.Contracts;
using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Runner.Tests;

/// <summary>The runner's process against the broker's process.</summary>
public sealed class ProcessTests : IDisposable
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(60);
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task EachCommandGoesThroughBrokerAndRunner()
    {
        await using var broker = await BrokerProcess.StartAsync(folder.File("broker.db"));
        await using var runner = StartRunner(broker.Url);
        Assert.Equal("pong: hello", (await DoAsync(broker, "ping", "hello")).Result);
        Assert.Equal(
            """{"worker_id":"worker-1","capabilities":["ping","capabilities","plan_echo","approve_echo"],"version":"mvp"}""",
            (await DoAsync(broker, "capabilities", "")).Result);
        var plan = System.Text.Json.JsonDocument.Parse((await DoAsync(broker, "plan_echo", "x")).Result!).RootElement.GetProperty("plan_id").GetString()!;
        Assert.Contains("\"approved\"", (await DoAsync(broker, "approve_echo", plan)).Result, StringComparison.Ordinal);
        var unknown = await DoAsync(broker, "approve_echo", "../broker");
        Assert.Equal((JobStates.Failed, "unknown plan_id"), (unknown.State, unknown.Error));
        Assert.Equal("worker-1", unknown.WorkerId);
        var dance = (await broker.Client().CreateAsync(new CreateJob("dance", ""))).Id; // not for a runner that can't
        Assert.Equal("pong: again", (await DoAsync(broker, "ping", "again")).Result);
        Assert.Equal("no_worker_for_command", (await broker.Client().ExplainAsync(dance)).Code);
        Assert.Equal(ExitCodes.Ok, await runner.StopAsync());
        Assert.DoesNotContain("hello", runner.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(BrokerProcess.WorkerToken, runner.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARunnerGetsTheJobsItsCapabilitiesAllow()
    {
        await using var broker = await BrokerProcess.StartAsync(folder.File("broker.db"));
        await using var runner = StartRunner(broker.Url, (Variables.WorkerCaps, "gpu, cuda:12"));
        var client = broker.Client();
        var cannot = await client.CreateAsync(new CreateJob("ping", "a") { Requires = new Requirements(["tpu"]) });
        var can = await client.CreateAsync(new CreateJob("ping", "b") { Requires = new Requirements(["gpu"]) });
        Assert.Equal(JobStates.Done, (await client.GetAsync(can.Id, Wait)).State);
        Assert.Equal(JobStates.Queued, (await client.GetAsync(cannot.Id)).State);
    }

    [Fact]
    public async Task ARunnerOutlivesItsBrokersRestart()
    {
        await using var broker = await BrokerProcess.StartAsync(folder.File("broker.db"));
        await using var runner = StartRunner(broker.Url);
        await DoAsync(broker, "ping", "before");
        await broker.Program.KillAsync();
        await runner.WaitForLineAsync("broker does not answer as it should");
        await broker.StartAgainAsync();
        Assert.Equal("pong: after", (await DoAsync(broker, "ping", "after")).Result);
        Assert.Contains("broker answers again", runner.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARunnerKilledBeforeItsResultArrivedDeliversItAfterItsRestart()
    {
        const string Id = "11111111-1111-4111-8111-111111111111";
        var claimed = false;
        var alive = false;
        await using var broker = new ScriptedBroker(r =>
        {
            if (r.Path.EndsWith("/result", StringComparison.Ordinal)) return alive ? ScriptedAnswer.Ok("""{"ok":true,"status":"done"}""") : ScriptedAnswer.Hold;
            if (claimed) return ScriptedAnswer.Hold;
            claimed = true;
            return ScriptedAnswer.Job(Id, "ping", "hello");
        });
        await using (var first = StartRunner(broker.Url))
        {
            await broker.NextAsync("/result");
            await first.KillAsync();
        }
        alive = true;
        await using var second = StartRunner(broker.Url);
        var result = await broker.NextAsync("/result");
        Assert.Equal("""{"result":"pong: hello"}""", result.Body);
        Assert.Equal("lease-1", result.Headers["X-Lease-Token"]);
        await second.WaitForLineAsync("outcome delivered");
        Assert.Equal(ExitCodes.Ok, await second.StopAsync());
        Assert.Empty(Directory.GetFiles(folder.File("state/outbox")));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(15)]
    public async Task ASignalEndsAnIdleRunnerWell(int signal)
    {
        await using var broker = new ScriptedBroker(_ => ScriptedAnswer.Hold);
        await using var runner = StartRunner(broker.Url);
        await broker.NextAsync("/jobs/next");
        runner.Signal(signal);
        Assert.Equal(ExitCodes.Ok, await runner.WaitForExitAsync());
        Assert.Contains("runner stopped", runner.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("WORKER_TOKEN", "", "WORKER_TOKEN is not set")]
    [InlineData("WORKER_TOKEN", "ümläut", "WORKER_TOKEN has a character")]
    [InlineData("WORKER_TOKEN", "a\r\nb", "WORKER_TOKEN has a character")]
    [InlineData("BROKER_URL", "broker", "BROKER_URL is 'broker'")]
    [InlineData("BROKER_URL", "http://203.0.113.7:8000", "plain http would show the token")]
    [InlineData("RUNNER_CONCURRENCY", "0", "RUNNER_CONCURRENCY is '0'")]
    [InlineData("POLL_INTERVAL_SEC", "soon", "POLL_INTERVAL_SEC is 'soon'")]
    [InlineData("RESULT_TIMEOUT_SEC", "-1", "RESULT_TIMEOUT_SEC is '-1'")]
    [InlineData("WORKER_ID", "wörker", "WORKER_ID is 'wörker'")]
    [InlineData("WORKER_CAPS", "gpu,a/b", "WORKER_CAPS has the name 'a/b'")]
    [InlineData("RUNNER_STATE_DIR", "/dev/null/state", "RUNNER_STATE_DIR: can't make /dev/null/state/outbox")]
    public async Task WrongConfigurationIsSaidInOneLine(string name, string value, string line)
    {
        await using var runner = StartRunner(new Uri("http://127.0.0.1:9"), (name, value));
        Assert.Equal(ExitCodes.Configuration, await runner.WaitForExitAsync());
        Assert.Contains(line, Assert.Single(runner.Output.Split("\n")), StringComparison.Ordinal);
        Assert.StartsWith($"openclaw-runner: {name}", runner.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnEnvFileServesWhatTheEnvironmentLacks()
    {
        await using var broker = new ScriptedBroker(_ => ScriptedAnswer.Hold);
        await File.WriteAllTextAsync(
            folder.File("runner.env"), $"WORKER_ID=from-file\nBROKER_URL={broker.Url}\nWORKER_TOKEN=t\nRUNNER_STATE_DIR={folder.File("state")}\n");
        await using var runner = ProgramProcess.Start(
            Repository.Program("OpenClaw.Runner", "openclaw-runner"), new Dictionary<string, string> { [Variables.WorkerToken] = "from-environment" },
            "--env", folder.File("runner.env"));
        var claim = await broker.NextAsync("/jobs/next");
        Assert.Equal(("from-file", "from-environment"), (claim.Headers["X-Worker-Id"], claim.Headers["X-Worker-Token"]));
    }

    [Theory]
    [InlineData(ExitCodes.Ok, "0.", "--version")]
    [InlineData(ExitCodes.Ok, "Exit codes:", "--help")]
    [InlineData(ExitCodes.Usage, "Run openclaw-runner --help", "--frob")]
    [InlineData(ExitCodes.Configuration, "can't be read", "--env", "/nowhere")]
    public async Task ArgumentsAreAnswered(int exitCode, string text, params string[] arguments)
    {
        await using var runner = ProgramProcess.Start(Repository.Program("OpenClaw.Runner", "openclaw-runner"), new Dictionary<string, string>(), arguments);
        Assert.Equal(exitCode, await runner.WaitForExitAsync());
        Assert.Contains(text, runner.Output, StringComparison.Ordinal);
    }

    private ProgramProcess StartRunner(Uri broker, params (string Name, string Value)[] more)
    {
        var environment = new Dictionary<string, string>
        {
            [Variables.BrokerUrl] = broker.AbsoluteUri,
            [Variables.WorkerToken] = BrokerProcess.WorkerToken,
            [Variables.WorkerId] = "worker-1",
            [Variables.RunnerStateDir] = folder.File("state"),
            [Variables.PollIntervalSec] = 0.2.ToString(CultureInfo.InvariantCulture),
        };
        foreach (var (name, value) in more) environment[name] = value;
        return ProgramProcess.Start(Repository.Program("OpenClaw.Runner", "openclaw-runner"), environment);
    }

    private static async Task<JobView> DoAsync(BrokerProcess broker, string command, string payload)
    {
        var client = broker.Client();
        var created = await client.CreateAsync(new CreateJob(command, payload));
        return await client.GetAsync(created.Id, Wait);
    }
}
