using System.CommandLine;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Jobs;

/// <summary><c>health</c>: whether the broker answers and can read and write.</summary>
internal static class HealthCommand
{
    public static Command Create() => new Command("health", "Ask the broker how it is").Does(RunAsync);

    private static async Task<int> RunAsync(Run run)
    {
        using var connection = Connection.Open(run.Folder, needsToken: false);
        try
        {
            var health = await connection.Broker.GetHealthAsync(run.Stop).ConfigureAwait(false);
            Console.Out.WriteLine(run.AsJson
                ? JobText.Json(health, WireJson.Default.Health)
                : $"ok: the broker at {connection.Url} answers{(health.TsBound ? "" : ", and listens beyond this machine and the tailnet")}");
            return ExitCodes.Ok;
        }
        catch (BrokerException e) when (e.Status == 503)
        {
            run.Talk.Say($"openclaw: the broker at {connection.Url} answers, but can't read or write its database. Its log and {connection.Url}health/ready say why.");
            return ExitCodes.Unavailable;
        }
        catch (Exception e) when (Connection.IsFailedCall(e) && !run.Stop.IsCancellationRequested)
        {
            return connection.Explain(e, run.Talk);
        }
    }
}
