using System.CommandLine;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Jobs;

/// <summary><c>health</c>: whether the broker answers and can read and write.</summary>
internal static class HealthCommand
{
    public static Command Create() => Invocation.Of(new Command("health", "Ask the broker how it is"), RunAsync);

    private static async Task<int> RunAsync(Invocation invocation)
    {
        var connection = invocation.Connect(needsToken: false);
        try
        {
            var health = await connection.Broker.GetHealthAsync(invocation.Stop);
            Console.Out.WriteLine(invocation.AsJson
                ? JobText.Json(health, WireJson.Default.Health)
                : $"ok: the broker at {connection.Url} answers{(health.TsBound ? "" : ", and listens beyond this machine and the tailnet")}");
            return ExitCodes.Ok;
        }
        catch (BrokerException e) when (e.Status == 503)
        {
            throw new CommandException(
                $"the broker at {connection.Url} answers, but something is wrong with it. Its log and {connection.Url}health/ready say why.",
                ExitCodes.Unavailable);
        }
    }
}
