using System.CommandLine;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Jobs;

/// <summary><c>jobs</c>: a list, newest first.</summary>
internal static class JobsCommand
{
    private const int PageSize = 200;

    private static readonly Option<string?> State = new("--state") { Description = "Only these: queued, scheduled, running, done, failed, cancelled", HelpName = "STATE" };
    private static readonly Option<string?> CommandName = new("--command") { Description = "Only jobs of this command", HelpName = "COMMAND" };
    private static readonly Option<string?> WorkerName = new("--worker") { Description = "Only jobs of this worker", HelpName = "WORKER" };
    private static readonly Option<int> Limit = new("--limit") { Description = "At most so many", HelpName = "N", DefaultValueFactory = _ => 20 };

    public static Command Create() => new Command("jobs", "List jobs, newest first") { State, CommandName, WorkerName, Limit }.Does(RunAsync);

    private static async Task<int> RunAsync(Run run)
    {
        var limit = run.Parsed.GetValue(Limit);
        if (limit < 1)
        {
            run.Talk.Say($"openclaw: --limit {limit}: it takes a whole number from 1. Try `openclaw jobs --limit 20`.");
            return ExitCodes.Usage;
        }
        using var connection = Connection.Open(run.Folder);
        var filter = new JobFilter { State = run.Parsed.GetValue(State), Command = run.Parsed.GetValue(CommandName), Worker = run.Parsed.GetValue(WorkerName) };
        try
        {
            var page = await ReadAsync(connection.Broker, filter, limit, run).ConfigureAwait(false);
            if (run.AsJson)
            {
                Console.Out.WriteLine(JobText.Json(page, WireJson.Default.JobPage));
                return ExitCodes.Ok;
            }
            foreach (var job in page.Jobs) Console.Out.WriteLine(JobText.Line(job));
            if (page.Jobs.Count == 0) run.Talk.Say("no jobs");
            else if (page.Next is not null) run.Talk.Say($"there are more: --limit {limit * 2} shows more");
            return ExitCodes.Ok;
        }
        catch (Exception e) when (Connection.IsFailedCall(e) && !run.Stop.IsCancellationRequested)
        {
            return connection.Explain(e, run.Talk);
        }
    }

    private static async Task<JobPage> ReadAsync(BrokerClient broker, JobFilter filter, int limit, Run run)
    {
        var jobs = new List<JobView>();
        string? next = null;
        do
        {
            var page = await broker.ListAsync(filter with { Limit = Math.Min(PageSize, limit - jobs.Count), Cursor = next }, run.Stop).ConfigureAwait(false);
            jobs.AddRange(page.Jobs);
            next = page.Next;
            if (next is not null && jobs.Count < limit) run.Talk.Step($"{jobs.Count} jobs read");
        }
        while (next is not null && jobs.Count < limit);
        run.Talk.StepOver();
        return new JobPage(jobs, next);
    }
}
