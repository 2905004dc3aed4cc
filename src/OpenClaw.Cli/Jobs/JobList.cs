using System.CommandLine;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Jobs;

/// <summary>Reads a list of jobs, page after page.</summary>
internal static class JobList
{
    public static Option<int> Limit { get; } = new("--limit") { Description = "At most so many", HelpName = "N", DefaultValueFactory = _ => 20 };

    /// <summary>As many as <see cref="Limit"/> says.</summary>
    /// <exception cref="CommandException">That is none.</exception>
    public static async Task<JobPage> ReadAsync(BrokerClient broker, JobFilter filter, Invocation invocation)
    {
        var limit = invocation.Parsed.GetValue(Limit);
        if (limit < 1) throw new CommandException($"--limit {limit}: it takes a whole number from 1. Try `clawctl jobs --limit 20`.", ExitCodes.Usage);
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

    /// <summary>Says that the list goes on, where it does.</summary>
    public static void SayMore(JobPage page, Invocation invocation)
    {
        if (page.Next is not null) invocation.Messages.Say($"there are more: --limit {invocation.Parsed.GetValue(Limit) * 2L} shows more");
    }
}
