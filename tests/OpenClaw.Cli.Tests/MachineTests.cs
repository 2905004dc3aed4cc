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

    [Fact]
    public async Task DoctorOfARunnersMachineHasItReadItsCommands()
    {
        await using var broker = await BrokerProcess.StartAsync(folder.File("broker.db"));
        var (env, commands) = (folder.File("runner.env"), folder.File("runner.json"));
        await PutAsync(env, $"BROKER_URL={broker.Url}\nWORKER_TOKEN={BrokerProcess.WorkerToken}\nRUNNER_CONFIG={commands}\nPATH={folder.Path}\n");
        var gone = await DoctorAsync(ExitCodes.Failed);
        Assert.Contains("FAIL  commands       RUNNER_CONFIG names", gone, StringComparison.Ordinal);
        Assert.Contains("Make it readable for this user", gone, StringComparison.Ordinal);

        await PutAsync(commands, """{"commands": {"say": {"program": "/bin/echo"} } }""");
        Assert.Contains($"OK    runner         it takes {env}, and the commands in {commands}\n", await DoctorAsync(ExitCodes.Ok), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(commands, File.GetUnixFileMode(commands) | UnixFileMode.GroupRead | UnixFileMode.OtherWrite);
        Assert.Contains($"WARN  permissions    others on this machine get at {commands}. To mend it: chmod g-w,o= {commands}\n",
            await DoctorAsync(ExitCodes.Ok), StringComparison.Ordinal);

        await PutAsync(commands, """
            {"commands": {
              "gone": {"program": "/nowhere/program"},
              "plain": {"program": "RUNNER_JSON"},
              "caged": {"program": "/bin/echo", "sandbox": "bwrap"},
              "served": {"program": "/bin/echo", "sandbox": {"kind": "systemd", "tasks": 9}}
            } }
            """.Replace("RUNNER_JSON", commands, StringComparison.Ordinal));
        var lines = (await DoctorAsync(ExitCodes.Failed)).Split('\n').Where(static l => l.StartsWith("FAIL  commands", StringComparison.Ordinal)).ToList();
        Assert.Equal(4, lines.Count);
        (string Line, string Mend)[] wanted =
            [("line 2", "Check the path"), ("line 3", "chmod +x"), ("line 4", "apt install bubblewrap"), ("line 5", "needs systemd")];
        Assert.All(wanted, want => Assert.Contains(lines, line => line.Contains(want.Line, StringComparison.Ordinal)
            && line.Contains(want.Mend, StringComparison.Ordinal)));

        async Task<string> DoctorAsync(int exitCode)
        {
            var doctor = await Clawctl.RunAsync(new Dictionary<string, string>(), "--folder", folder.File("none"), "doctor", "--runner-env", env);
            Assert.True(doctor.ExitCode == exitCode, $"{doctor.ExitCode}: {doctor.Out}{doctor.Messages}");
            Assert.Contains($"OK    broker         answers at {broker.Url}", doctor.Out, StringComparison.Ordinal); // the runner's own
            return doctor.Out;
        }

        static async Task PutAsync(string path, string text)
        {
            await File.WriteAllTextAsync(path, text);
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }
}
