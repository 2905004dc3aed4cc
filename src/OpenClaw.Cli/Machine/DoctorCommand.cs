using System.CommandLine;
using OpenClaw.Client;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Machine;

/// <summary><c>doctor</c>: whether this machine reaches its broker, and all that a broker or a runner on it stands on.</summary>
internal static class DoctorCommand
{
    public static Command Create() => Invocation.Of(
        new Command("doctor", "Check the way to the broker, and this machine's broker and runner; say how to mend what is wrong")
        {
            BrokerCommands.Env, RunnerDoctor.Env,
        },
        RunAsync);

    private static async Task<int> RunAsync(Invocation invocation)
    {
        var named = invocation.Parsed.GetValue(BrokerCommands.Env);
        var isAnother = named is null && Environment.GetEnvironmentVariable(Variables.BrokerUrl) is { Length: > 0 };
        var envFile = BrokerTask.EnvFile(named);
        var isHere = envFile is not null || Environment.GetEnvironmentVariable(Variables.BrokerDb) is { Length: > 0 };
        var runner = RunnerDoctor.Find(invocation.Parsed.GetValue(RunnerDoctor.Env));
        var code = isHere && !isAnother ? await BrokerTask.RunAsync(envFile, invocation.Stop, "--doctor") : await LookAtWayAsync(invocation, runner);
        var isWell = runner is null || await runner.LookAsync(invocation.Stop);
        return code == ExitCodes.Ok && !isWell ? ExitCodes.Failed : code;
    }

    private static async Task<int> LookAtWayAsync(Invocation invocation, RunnerDoctor? runner)
    {
        // A runner's broker is that of its machine, where the environment names no other.
        var connection = invocation.Connect(needsToken: false, runner is { CanBeRead: true } ? runner.EnvFile : null);
        try
        {
            var health = await connection.Broker.GetHealthAsync(invocation.Stop);
            Finding.Say("OK", "broker", $"answers at {connection.Url}");
            if (health.TsBound) Finding.Say("OK", "address", "it listens on loopback or a tailnet alone");
            else Finding.Say("WARN", "address", $"it listens beyond this machine and the tailnet. To mend it: {Variables.BrokerHost}=tailscale there");
            if (!connection.HasToken && runner is not null) return ExitCodes.Ok; // nobody asks for jobs there
            await connection.Broker.ListAsync(new JobFilter { Limit = 1 }, invocation.Stop);
            Finding.Say("OK", "token", $"{Variables.BotToken} is accepted");
            return ExitCodes.Ok;
        }
        catch (BrokerException e)
        {
            var (line, _) = connection.Explain(e);
            Finding.Say("FAIL", e.Status is 401 or 403 ? "token" : "broker", line);
            return ExitCodes.Failed;
        }
    }
}
