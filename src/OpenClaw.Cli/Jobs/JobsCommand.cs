using System.CommandLine;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Jobs;

/// <summary><c>jobs</c>: a list, newest first.</summary>
internal static class JobsCommand
{
    public static Option<string?> States { get; } = new("--state")
    {
        Description = "Only these, with commas: queued, scheduled, held, running, done, failed, cancelled",
        HelpName = "STATES",
    };
    public static Option<string?> CommandName { get; } = new("--command") { Description = "Only jobs of this command", HelpName = "COMMAND" };
    private static readonly Option<string?> WorkerName = new("--worker") { Description = "Only jobs of this worker", HelpName = "WORKER" };
    private static readonly Option<string?> Queue = new("--queue") { Description = "Only jobs of this queue", HelpName = "QUEUE" };
    private static readonly Option<string?> Tag = new("--tag") { Description = "Only jobs with this tag", HelpName = "TAG" };
    private static readonly Option<string?> Batch = new("--batch") { Description = "Only jobs of this batch", HelpName = "ID" };
    private static readonly Option<string?> Requester = new("--requester") { Description = "Only jobs for this person", HelpName = "NAME" };
    private static readonly Option<string?> Text = new("--text") { Description = "Only jobs with this in command, payload or error", HelpName = "TEXT" };
    private static readonly Option<bool> Oldest = new("--oldest") { Description = "Oldest first" };
    private static readonly Option<int> Limit = new("--limit") { Description = "At most so many", HelpName = "N", DefaultValueFactory = _ => 20 };

    public static Command Create() => Invocation.Of(new Command("jobs", "List jobs, newest first")
    {
        States, CommandName, WorkerName, Queue, Tag, Batch, Requester, Text, Oldest, Limit,
    }, RunAsync);

    /// <summary>What the options that other commands share ask for.</summary>
    public static JobFilter Filter(Invocation invocation) => new()
    {
        State = invocation.Parsed.GetValue(States)?.Replace(" ", "", StringComparison.Ordinal),
        Command = invocation.Parsed.GetValue(CommandName),
    };

    private static async Task<int> RunAsync(Invocation invocation)
    {
        var limit = invocation.Parsed.GetValue(Limit);
        if (limit < 1) throw new CommandException($"--limit {limit}: it takes a whole number from 1. Try `clawctl jobs --limit 20`.", ExitCodes.Usage);
        var filter = Filter(invocation) with
        {
            Worker = invocation.Parsed.GetValue(WorkerName),
            Queue = invocation.Parsed.GetValue(Queue),
            Tag = invocation.Parsed.GetValue(Tag),
            Batch = invocation.Parsed.GetValue(Batch),
            Requester = invocation.Parsed.GetValue(Requester),
            Text = invocation.Parsed.GetValue(Text),
            OldestFirst = invocation.Parsed.GetValue(Oldest),
        };
        var page = await ReadAsync(invocation.Connect().Broker, filter, limit, invocation);
        if (invocation.AsJson)
        {
            Console.Out.WriteLine(JobText.Json(page, WireJson.Default.JobPage));
            return ExitCodes.Ok;
        }
        foreach (var (job, end) in page.Jobs.Zip(JobReference.Ends(page.Jobs))) Console.Out.WriteLine(JobText.Line(job, end));
        if (page.Jobs.Count == 0) invocation.Messages.Say("no jobs");
        else if (page.Next is not null) invocation.Messages.Say($"there are more: --limit {limit * 2L} shows more");
        return ExitCodes.Ok;
    }

    private static async Task<JobPage> ReadAsync(BrokerClient broker, JobFilter filter, int limit, Invocation invocation)
    {
        var jobs = new List<JobView>();
        string? next = null;
        do
        {
            var page = await broker.ListAsync(filter with { Limit = Math.Min(JobFilter.LargestPage, limit - jobs.Count), Cursor = next }, invocation.Stop);
            jobs.AddRange(page.Jobs);
            next = page.Next;
            if (next is not null && jobs.Count < limit) invocation.Messages.Step($"{jobs.Count} jobs read");
        }
        while (next is not null && jobs.Count < limit);
        invocation.Messages.StepOver();
        return new JobPage(jobs, next);
    }
}
