using System.CommandLine;
using System.Globalization;
using OpenClaw.Client;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Machine;

/// <summary><c>doctor</c>: whether this machine reaches its broker, and on the broker's own machine also all that it stands on.</summary>
internal static class DoctorCommand
{
    public static Command Create() => Invocation.Of(
        new Command("doctor", "Check the way to the broker, and on its own machine the broker; say how to mend what is wrong") { BrokerCommands.Env },
        RunAsync);

    private static async Task<int> RunAsync(Invocation invocation)
    {
        var named = invocation.Parsed.GetValue(BrokerCommands.Env);
        var isAnother = named is null && Environment.GetEnvironmentVariable(Variables.BrokerUrl) is { Length: > 0 };
        var envFile = BrokerTask.EnvFile(named);
        var isHere = envFile is not null || Environment.GetEnvironmentVariable(Variables.BrokerDb) is { Length: > 0 };
        if (isHere && !isAnother) return await BrokerTask.RunAsync(envFile, invocation.Stop, "--doctor");
        return await LookAtWayAsync(invocation);
    }

    private static async Task<int> LookAtWayAsync(Invocation invocation)
    {
        var connection = invocation.Connect(needsToken: false);
        try
        {
            var health = await connection.Broker.GetHealthAsync(invocation.Stop);
            Say("OK", "broker", $"answers at {connection.Url}");
            if (health.TsBound) Say("OK", "address", "it listens on loopback or a tailnet alone");
            else Say("WARN", "address", $"it listens beyond this machine and the tailnet. To mend it: {Variables.BrokerHost}=tailscale there");
            await connection.Broker.ListAsync(new JobFilter { Limit = 1 }, invocation.Stop);
            Say("OK", "token", $"{Variables.BotToken} is accepted");
            return ExitCodes.Ok;
        }
        catch (BrokerException e)
        {
            var (line, _) = connection.Explain(e);
            Say("FAIL", e.Status is 401 or 403 ? "token" : "broker", line);
            return ExitCodes.Failed;
        }
    }

    private static void Say(string level, string about, string text) =>
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{level,-4}  {about,-13}  {VisibleText.Of(text)}"));
}
