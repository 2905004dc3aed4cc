using System.CommandLine;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Jobs;

/// <summary><c>cancel</c>: a queued job at once, a running one by its worker.</summary>
internal static class CancelCommand
{
    private static readonly Option<string?> Reason = new("--reason") { Description = "Why; kept in the job's error", HelpName = "TEXT" };

    public static Command Create() => Invocation.Of(new Command("cancel", "Cancel a job") { StatusCommand.Id, Reason }, RunAsync);

    private static async Task<int> RunAsync(Invocation invocation)
    {
        var broker = invocation.Connect().Broker;
        var id = await JobReference.ResolveAsync(invocation.Parsed.GetValue(StatusCommand.Id)!, broker, invocation.Messages, invocation.Stop);
        var answer = await broker.CancelAsync(id, invocation.Parsed.GetValue(Reason), invocation.Stop);
        Console.Out.WriteLine(invocation.AsJson ? JobText.Json(answer, WireJson.Default.Acknowledgement) : Describe(answer, id));
        return ExitCodes.Ok;
    }

    /// <summary>What has become of the job by that.</summary>
    public static string Describe(Acknowledgement answer, string id) => answer switch
    {
        { Note: { } note } => VisibleText.Of(note),
        { CancelRequested: true, Status: JobStatuses.Running } => $"its worker is told; `clawctl watch {id}` shows the end",
        _ => "cancelled",
    };
}
