using System.CommandLine;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Jobs;

/// <summary><c>cancel</c>: a queued job at once, a running one by its worker.</summary>
internal static class CancelCommand
{
    private static readonly Argument<string> Id = new("ID") { Description = "The job's id" };
    private static readonly Option<string?> Reason = new("--reason") { Description = "Why; kept in the job's error", HelpName = "TEXT" };

    public static Command Create() => new Command("cancel", "Cancel a job") { Id, Reason }.Does(RunAsync);

    private static async Task<int> RunAsync(Run run)
    {
        using var connection = Connection.Open(run.Folder);
        var id = run.Parsed.GetValue(Id)!;
        try
        {
            var answer = await connection.Broker.CancelAsync(id, run.Parsed.GetValue(Reason), run.Stop).ConfigureAwait(false);
            if (run.AsJson) Console.Out.WriteLine(JobText.Json(answer, WireJson.Default.Acknowledgement));
            else Console.Out.WriteLine(answer switch
            {
                { Note: { } note } => note,
                { CancelRequested: true, Status: JobStatuses.Running } => $"its worker is told; `openclaw status {id} --wait` shows the end",
                _ => "cancelled",
            });
            return ExitCodes.Ok;
        }
        catch (Exception e) when (Connection.IsFailedCall(e) && !run.Stop.IsCancellationRequested)
        {
            return connection.Explain(e, run.Talk);
        }
    }
}
