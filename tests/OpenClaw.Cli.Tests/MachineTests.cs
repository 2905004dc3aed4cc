using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Cli.Tests;

/// <summary>Commands for the broker's own machine, and the doctor of any.</summary>
public sealed class MachineTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task BackupAndRestoreAreTheBrokersOwn()
    {
        await using var broker = await BrokerProcess.StartAsync(folder.File("broker.db"));
        await broker.Client().CreateAsync(new Contracts.CreateJob("ping", "x"));
        var env = folder.File("broker.env");
        await File.WriteAllTextAsync(env,
            $"BROKER_DB={folder.File("broker.db")}\nBROKER_PORT={broker.Url.Port}\nBOT_TOKEN={BrokerProcess.BotToken}\n"
            + $"WORKER_TOKEN={BrokerProcess.WorkerToken}\n");
        var copy = folder.File("copy.db");
        var made = await Clawctl.RunAsync(new Dictionary<string, string>(), "backup", copy, "--env", env);
        Assert.Equal((0, $"Wrote {copy}: 1 jobs (1 waiting, 0 running, 0 ended), every page checked.\n"), (made.ExitCode, made.Out));
        var drill = await Clawctl.RunAsync(new Dictionary<string, string>(), "drill", copy, "--env", env);
        Assert.Equal((0, true), (drill.ExitCode, drill.Out.Contains("All its jobs are there, 1: 1 queued.", StringComparison.Ordinal)));
        Assert.Equal("The configuration is right.\n", (await Clawctl.RunAsync(new Dictionary<string, string>(), "check-config", "--env", env)).Out);
        var running = await Clawctl.RunAsync(new Dictionary<string, string>(), "restore", copy, "--env", env);
        Assert.Equal(ExitCodes.Temporary, running.ExitCode);
        Assert.Contains("Another broker already runs", running.Messages, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Usage, (await Clawctl.RunAsync(new Dictionary<string, string>(), "restore", "--env", env)).ExitCode);
        var doctor = await Clawctl.RunAsync(new Dictionary<string, string>(), "doctor", "--env", env);
        Assert.Contains("OK    broker         answers", doctor.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DoctorOfAnotherMachineLooksAtTheWayAndTheToken()
    {
        await using var broker = await BrokerProcess.StartAsync(folder.File("broker.db"));
        var environment = new Dictionary<string, string> { [Variables.BrokerUrl] = broker.Url.AbsoluteUri, [Variables.BotToken] = BrokerProcess.BotToken };
        var well = await Clawctl.RunAsync(environment, "doctor");
        Assert.Equal((0, true), (well.ExitCode, well.Out.Contains("OK    token", StringComparison.Ordinal)));
        environment[Variables.BotToken] = "another-token-of-nobody-0123456789abcdef";
        var refused = await Clawctl.RunAsync(environment, "doctor");
        Assert.Equal((ExitCodes.Failed, true), (refused.ExitCode, refused.Out.Contains("FAIL  token", StringComparison.Ordinal)));
        await broker.Program.StopAsync();
        var away = await Clawctl.RunAsync(environment, "doctor");
        Assert.Equal((ExitCodes.Failed, true), (away.ExitCode, away.Out.Contains("FAIL  broker", StringComparison.Ordinal)));
    }
}
