using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using OpenClaw.Contracts;
using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Runner.Tests.Commands;

/// <summary>Own commands through the processes of broker and runner.</summary>
public sealed class CommandProcessTests : IDisposable
{
    private const string AdminToken = "admin-token-of-the-tests-0123456789abcdef";
    private const int SigHup = 1;
    private const string Greet = """
        "greet": {"description": "Says hello", "program": "sh", "arguments": ["-c", "echo hello $1", "greet", "{name}"],
          "schema": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}}
        """;

    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(60);
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task TheFileIsServedToldAndReadAgain()
    {
        await using var broker = await BrokerProcess.StartAsync(folder.File("broker.db"));
        await WriteAsync(Greet);
        await using var runner = StartRunner(broker.Url);
        var client = broker.Client();
        Assert.Equal("hello $(id)\n", (await DoAsync(broker, "greet", """{"name": "$(id)"}""")).Result);
        var wrong = await client.CreateAsync(new CreateJob("greet", "{}") { MaxAttempts = 3 });
        var failed = await client.GetAsync(wrong.Id, Wait);
        Assert.Equal((JobStates.Failed, "payload.name is missing", 1), (failed.State, failed.Error, failed.Attempt));
        Assert.Contains("\"greet\"", (await DoAsync(broker, "capabilities", "")).Result, StringComparison.Ordinal);
        var listed = Assert.Single((await client.ListCommandsAsync()).Commands, static c => c.Name == "greet");
        Assert.Equal(("Says hello", false), (listed.Description, listed.Approval));

        await WriteAsync(Greet.Replace("hello", "goodbye", StringComparison.Ordinal) + """, "more": {"program": "echo", "requires_approval": true}""");
        runner.Signal(SigHup);
        await runner.WaitForLineAsync("commands read count=2");
        Assert.Equal("goodbye you\n", (await DoAsync(broker, "greet", """{"name": "you"}""")).Result);
        await UntilAsync(async () => (await client.ListCommandsAsync()).Commands.Any(static c => c is { Name: "more", Approval: true }));

        await WriteAsync("""
            "broken": {"program": "no-such-program"}
            """);
        runner.Signal(SigHup);
        var refused = await runner.WaitForLineAsync("the changed configuration is wrong");
        Assert.Contains("line 1: commands.broken.program is no program in PATH", refused, StringComparison.Ordinal);
        Assert.Equal("goodbye you\n", (await DoAsync(broker, "greet", """{"name": "you"}""")).Result);

        await WriteAsync("");
        runner.Signal(SigHup);
        await runner.WaitForLineAsync("commands read count=0");
        await UntilAsync(async () => (await client.ListCommandsAsync()).Commands.All(static c => c.Name != "greet"));
        var nobodys = await client.CreateAsync(new CreateJob("greet", """{"name": "you"}"""));
        Assert.Equal("pong: x", (await DoAsync(broker, "ping", "x")).Result);
        Assert.Equal(JobStates.Queued, (await client.GetAsync(nobodys.Id)).State);
        Assert.Equal(ExitCodes.Ok, await runner.StopAsync());
        Assert.DoesNotContain("hello", runner.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("$(id)", runner.Output, StringComparison.Ordinal);
    }

    /// <summary>The whole way of a yes: held by the runner, approved by what was shown, void once something else would run.</summary>
    [Fact]
    public async Task ACommandThatNeedsAYesRunsWithThatAlone()
    {
        var admin = new Dictionary<string, string> { [Variables.AdminToken] = AdminToken };
        await using var broker = await BrokerProcess.StartAsync(folder.File("broker.db"), admin);
        const string Deploy = """
            "deploy": {"program": "echo", "arguments": ["ran"], "requires_approval": true}
            """;
        await WriteAsync(Deploy);
        await using var runner = StartRunner(broker.Url);
        await using var other = StartRunner(broker.Url, "worker-2");
        var client = broker.Client();
        var id = (await client.CreateAsync(new CreateJob("deploy", "v1"))).Id;
        var held = await HeldAsync(client, id);
        Assert.Equal("the command runs only after a person's yes", Assert.Single(held.Holds!).Detail);
        Assert.Equal(64, held.WorkerDefinition!.Length);

        await ApproveAsync(broker, id, held.Digest!);
        Assert.Equal("ran\n", (await client.GetAsync(id, Wait)).Result);

        // What would run becomes another, on one of both: the old yes is void, and a new one holds for both.
        var next = (await client.CreateAsync(new CreateJob("deploy", "v2"))).Id;
        held = await HeldAsync(client, next);
        await StopClaimsAsync(broker, true);
        await ApproveAsync(broker, next, held.Digest!);
        await WriteAsync(Deploy.Replace("ran", "changed", StringComparison.Ordinal));
        runner.Signal(SigHup);
        await UntilAsync(async () => (await client.GetAsync(next)).WorkerDefinition!.Length == 129);
        await StopClaimsAsync(broker, false);
        held = await HeldAsync(client, next);
        Assert.Equal("the yes was to something else than what would run here now",
            (await client.GetHistoryAsync(next)).Events.Last(static e => e.Event == "released").Detail);
        await ApproveAsync(broker, next, held.Digest!);
        Assert.Contains((await client.GetAsync(next, Wait)).Result, (string[])["ran\n", "changed\n"]);
    }

    [Fact]
    public async Task ABrokerThatLiesAboutAYesMovesNothing()
    {
        const string Id = "11111111-1111-4111-8111-111111111111";
        var claimed = false;
        await using var broker = new ScriptedBroker(r =>
        {
            if (r.Path.EndsWith("/release", StringComparison.Ordinal)) return ScriptedAnswer.Ok("""{"ok":true,"status":"queued"}""");
            if (claimed || !r.Path.EndsWith("/jobs/next", StringComparison.Ordinal)) return ScriptedAnswer.Hold;
            claimed = true;
            return ScriptedAnswer.Ok($$"""
                {"job": {"id": "{{Id}}", "status": "running", "command": "deploy", "payload": "x", "state": "running", "attempt": 1, "lease_seconds": 30,
                 "lease_token": "lease-1", "queue": "default", "approved": {"by": "anna", "at": 1, "digest": "{{new string('0', 64)}}"} } }
                """);
        });
        await WriteAsync($$"""
            "deploy": {"program": "touch", "arguments": ["{{folder.File("ran")}}"], "requires_approval": true}
            """);
        await using var runner = StartRunner(broker.Url);
        var released = await broker.NextAsync("/release");
        Assert.Equal("""{"reason":"the yes was to something else than what would run here now","hold":"approval"}""", released.Body);
        await runner.WaitForLineAsync("job given back until a person says yes to it");
        Assert.False(File.Exists(folder.File("ran")));
    }

    [Fact]
    public async Task ABrokerThatKnowsNoApprovalsGetsAFailure()
    {
        var claimed = false;
        await using var broker = new ScriptedBroker(r =>
        {
            if (claimed || !r.Path.EndsWith("/jobs/next", StringComparison.Ordinal)) return r.Path.EndsWith("/fail", StringComparison.Ordinal)
                ? ScriptedAnswer.Ok("""{"ok":true,"status":"failed"}""") : ScriptedAnswer.Hold;
            claimed = true;
            return ScriptedAnswer.Job("11111111-1111-4111-8111-111111111111", "deploy", "x", leaseToken: null);
        });
        await WriteAsync("""
            "deploy": {"program": "echo", "requires_approval": true}
            """);
        await using var runner = StartRunner(broker.Url);
        Assert.Contains("this command needs a person", (await broker.NextAsync("/fail")).Body, StringComparison.Ordinal);
    }

    /// <summary>A runner that is told to end gives back what does not end by itself, and leaves no process.</summary>
    [Fact]
    public async Task ARunnerThatEndsLeavesNothingBehind()
    {
        await using var broker = await BrokerProcess.StartAsync(folder.File("broker.db"));
        await WriteAsync($$"""
            "long": {"program": "sh", "arguments": ["-c", "echo $$ > {{folder.File("pid")}}; exec sleep 600"], "grace_seconds": 1}
            """);
        await using var runner = StartRunner(broker.Url);
        var id = (await broker.Client().CreateAsync(new CreateJob("long", ""))).Id;
        await UntilAsync(() => Task.FromResult(File.Exists(folder.File("pid")) && new FileInfo(folder.File("pid")).Length > 1));
        var process = (await File.ReadAllTextAsync(folder.File("pid"))).Trim();
        runner.Signal(15);
        runner.Signal(15);
        Assert.Equal(ExitCodes.Ok, await runner.WaitForExitAsync());
        Assert.False(Directory.Exists($"/proc/{process}"));
        Assert.Equal(JobStates.Queued, (await broker.Client().GetAsync(id)).State);
    }

    [Fact]
    public async Task ABrokenFileEndsTheRunnerWithItsLines()
    {
        await WriteAsync("\"a\": {\"program\": \"sh\", \"colour\": 1},\n\"b\": {\"program\": \"no-such-program\"}");
        foreach (var arguments in (string[][])[[], ["--check-config"]])
        {
            await using var runner = StartRunner(new Uri("http://127.0.0.1:9"), arguments: arguments);
            Assert.Equal(ExitCodes.Configuration, await runner.WaitForExitAsync());
            var start = $"openclaw-runner: RUNNER_CONFIG: {folder.File("runner.json")}, ";
            Assert.Collection(runner.Output.Split('\n').Order(StringComparer.Ordinal),
                line => Assert.StartsWith($"{start}line 1: commands.a.colour is not known here", line, StringComparison.Ordinal),
                line => Assert.StartsWith($"{start}line 2: commands.b.program is no program in PATH", line, StringComparison.Ordinal));
        }
        File.Delete(folder.File("runner.json"));
        await using var without = StartRunner(new Uri("http://127.0.0.1:9"));
        Assert.Equal(ExitCodes.Configuration, await without.WaitForExitAsync());
        Assert.Contains("can't be read", without.Output, StringComparison.Ordinal);
    }

    private static async Task<JobView> HeldAsync(Client.BrokerClient client, string id)
    {
        await UntilAsync(async () => (await client.GetAsync(id)).State == JobStates.Held);
        return await client.GetAsync(id);
    }

    private static async Task ApproveAsync(BrokerProcess broker, string id, string digest) =>
        Assert.Equal(HttpStatusCode.OK, await PostAsync(broker, $"jobs/{id}/approve", new JsonObject { ["digest"] = digest }));

    private static async Task StopClaimsAsync(BrokerProcess broker, bool isStop) =>
        Assert.Equal(HttpStatusCode.OK, await PostAsync(broker, isStop ? "drain" : "undrain", []));

    private static async Task<HttpStatusCode> PostAsync(BrokerProcess broker, string path, JsonObject body)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(broker.Url, path)) { Content = JsonContent.Create(body) };
        request.Headers.Authorization = new("Bearer", AdminToken);
        using var answer = await http.SendAsync(request);
        return answer.StatusCode;
    }

    private static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        using var deadline = new CancellationTokenSource(Broken.After);
        while (!await isSo()) await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, deadline.Token);
    }

    private Task WriteAsync(string commands) => File.WriteAllTextAsync(folder.File("runner.json"), $$"""{"commands": { {{commands}} } }""");

    private ProgramProcess StartRunner(Uri broker, string name = "worker-1", params string[] arguments) => ProgramProcess.Start(
        Repository.Program("OpenClaw.Runner", "openclaw-runner"), new Dictionary<string, string>
        {
            [Variables.BrokerUrl] = broker.AbsoluteUri,
            [Variables.WorkerToken] = BrokerProcess.WorkerToken,
            [Variables.WorkerId] = name,
            [Variables.RunnerStateDir] = folder.File("state-" + name),
            [Variables.PollIntervalSec] = "0.2",
            ["RUNNER_CONFIG"] = folder.File("runner.json"),
        }, arguments);

    private static async Task<JobView> DoAsync(BrokerProcess broker, string command, string payload)
    {
        var created = await broker.Client().CreateAsync(new CreateJob(command, payload));
        return await broker.Client().GetAsync(created.Id, Wait);
    }
}
