using System.CommandLine;
using OpenClaw.Contracts;

namespace OpenClaw.Cli.Jobs;

/// <summary><c>status</c>: one job as it is, or as it ended.</summary>
internal static class StatusCommand
{
    private static readonly Argument<string> Id = new("ID") { Description = "The job's id" };
    private static readonly Option<bool> Wait = new("--wait") { Description = "Wait for the job's end" };

    public static Command Create() => new Command("status", "Show one job; its end is the exit code") { Id, Wait }.Does(RunAsync);

    private static async Task<int> RunAsync(Run run)
    {
        using var connection = Connection.Open(run.Folder);
        var id = run.Parsed.GetValue(Id)!;
        try
        {
            var job = run.Parsed.GetValue(Wait)
                ? await new JobWatch(connection.Broker, run.Talk, TimeProvider.System).UntilEndedAsync(id, run.Stop).ConfigureAwait(false)
                : await connection.Broker.GetAsync(id, stop: run.Stop).ConfigureAwait(false);
            Console.Out.Write(run.AsJson ? JobText.Json(job, WireJson.Default.JobView) + "\n" : JobText.Describe(job));
            return JobText.ExitCode(job);
        }
        catch (Exception e) when (Connection.IsFailedCall(e) && !run.Stop.IsCancellationRequested)
        {
            return connection.Explain(e, run.Talk);
        }
    }
}
