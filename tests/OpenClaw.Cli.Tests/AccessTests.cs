using System.Text.Json;
using OpenClaw.Contracts;
using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Cli.Tests;

/// <summary>Tokens, enrolment and the audit, by the commands that people use.</summary>
public sealed class AccessTests : IAsyncLifetime, IDisposable
{
    private const string AdminToken = "admin-token-of-the-tests-0123456789abcdef";
    private readonly TempFolder folder = new();
    private BrokerProcess broker = null!;
    private Dictionary<string, string> environment = null!;

    public async Task InitializeAsync()
    {
        broker = await BrokerProcess.StartAsync(folder.File("broker.db"), new Dictionary<string, string> { [Variables.AdminToken] = AdminToken });
        environment = new Dictionary<string, string> { [Variables.BrokerUrl] = broker.Url.AbsoluteUri, [Variables.AdminToken] = AdminToken };
    }

    public async Task DisposeAsync() => await broker.DisposeAsync();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task TokenIsMadeUsedListedAndRevoked()
    {
        var made = await RunAsync("token", "create", "phone", "--role", "agent", "--commands", "ping, repo_*", "--per-minute", "5", "--days", "30");
        Assert.Equal(ExitCodes.Ok, made.ExitCode);
        var secret = made.Out.Trim();
        Assert.DoesNotContain(secret, made.Messages, StringComparison.Ordinal);
        var phone = new Dictionary<string, string> { [Variables.BrokerUrl] = broker.Url.AbsoluteUri, [Variables.BotToken] = secret };
        Assert.Equal(ExitCodes.Ok, (await Clawctl.RunAsync(phone, "submit", "ping")).ExitCode);
        var refused = await Clawctl.RunAsync(phone, "submit", "deploy");
        Assert.Equal(ExitCodes.NotAllowed, refused.ExitCode);
        Assert.Contains("it may ask for ping, repo_*", refused.Messages, StringComparison.Ordinal);
        var list = await RunAsync("token", "list");
        Assert.Contains("phone", list.Out, StringComparison.Ordinal);
        Assert.Contains("commands ping, repo_*; 5 a minute", list.Out, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, list.Out, StringComparison.Ordinal);
        Assert.Equal("revoked\n", (await RunAsync("token", "revoke", "phone")).Out);
        Assert.Equal(ExitCodes.NotAllowed, (await Clawctl.RunAsync(phone, "submit", "ping")).ExitCode);
        var gone = await RunAsync("token", "revoke", "phone");
        Assert.Equal(ExitCodes.NotFound, gone.ExitCode);
        Assert.Contains("no token of this name", gone.Messages, StringComparison.Ordinal);
        Assert.Contains("ADMIN_TOKEN", (await Clawctl.RunAsync(new Dictionary<string, string>
        {
            [Variables.BrokerUrl] = broker.Url.AbsoluteUri,
            [Variables.AdminToken] = "wrong",
        }, "token", "list")).Messages, StringComparison.Ordinal);
        Assert.Contains("commands", (await RunAsync("token", "create", "x", "--role", "agent")).Messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AuditIsShownAndProved()
    {
        await RunAsync("token", "create", "phone", "--role", "bot");
        var proof = JsonDocument.Parse((await RunAsync("audit", "verify", "--json")).Out).RootElement;
        await RunAsync("token", "revoke", "phone");
        var shown = (await RunAsync("audit")).Out.TrimEnd().Split('\n');
        Assert.Contains("token.revoke", shown[0], StringComparison.Ordinal);
        Assert.Contains("token.create", shown[1], StringComparison.Ordinal);
        Assert.Single((await RunAsync("audit", "--limit", "1")).Out.TrimEnd().Split('\n'));
        Assert.StartsWith("whole: 2 links, head ", (await RunAsync("audit", "verify", "--head", proof.GetProperty("head").GetString()!)).Out,
            StringComparison.Ordinal);
        var broken = await RunAsync("audit", "verify", "--head", new string('0', 63) + "1");
        Assert.Equal(ExitCodes.Failed, broken.ExitCode);
        Assert.Contains("no link has the given head", broken.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OneLineEnrolsAMachine()
    {
        var line = (await RunAsync("enrol", "laptop", "--caps", "gpu")).Out.Trim();
        Assert.Matches($"^openclaw-runner enrol {broker.Url.AbsoluteUri.TrimEnd('/')} [a-z0-9]+$", line);
        var home = new Dictionary<string, string> { ["XDG_CONFIG_HOME"] = folder.File("config"), ["XDG_STATE_HOME"] = folder.File("state") };
        var envFile = folder.File("runner.env");
        string[] arguments = [.. line.Split(' ')[1..], "--env", envFile];
        await using var runner = ProgramProcess.Start(Repository.Program("OpenClaw.Runner", "openclaw-runner"),
            new Dictionary<string, string>(home) { [Variables.RunnerStateDir] = folder.File("runner") }, arguments);
        var created = await broker.Client().CreateAsync(new CreateJob("ping", "x") { Requires = new Requirements(["gpu"]) });
        var job = await broker.Client().GetAsync(created.Id, TimeSpan.FromSeconds(30));
        Assert.Equal((JobStates.Done, "laptop"), (job.State, job.WorkerId));
        Assert.True(FileModes.IsPrivate(envFile));
        await using var again = ProgramProcess.Start(Repository.Program("OpenClaw.Runner", "openclaw-runner"), home, arguments);
        Assert.Equal(ExitCodes.NotAllowed, await again.WaitForExitAsync());
        Assert.Contains("clawctl enrol", again.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Ok, await runner.StopAsync());
    }

    [Fact]
    public async Task RunnerWithKeysRunsOnlyWhatTheySigned()
    {
        environment["XDG_CONFIG_HOME"] = folder.File("config");
        environment[Variables.BotToken] = BrokerProcess.BotToken;
        var key = (await RunAsync("keys", "create", "anna")).Out.Trim();
        Assert.True(FileModes.IsPrivate(folder.File("config/clawctl/keys/anna.pem")));
        Assert.Equal(ExitCodes.Usage, (await RunAsync("keys", "create", "anna")).ExitCode);
        Assert.Equal(ExitCodes.Configuration, (await RunAsync("submit", "ping", "--sign", "bert")).ExitCode);
        await using var runner = ProgramProcess.Start(Repository.Program("OpenClaw.Runner", "openclaw-runner"), new Dictionary<string, string>
        {
            [Variables.BrokerUrl] = broker.Url.AbsoluteUri,
            [Variables.WorkerToken] = BrokerProcess.WorkerToken,
            [Variables.RunnerStateDir] = folder.File("runner"),
            [Variables.WorkerCaps] = "gpu",
            [Variables.JobKeys] = key,
        });
        Assert.Equal("pong: ä\n", (await RunAsync("submit", "ping", "ä", "--requires", "gpu", "--sign", "anna", "--wait")).Out);
        var refused = await RunAsync("submit", "ping", "x", "--wait");
        Assert.Equal(ExitCodes.Failed, refused.ExitCode);
        Assert.Contains("is not signed", refused.Messages, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Ok, await runner.StopAsync());
    }

    private Task<Clawctl> RunAsync(params string[] arguments) => Clawctl.RunAsync(environment, ["--folder", folder.File("none"), .. arguments]);
}
