using System.CommandLine;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Jobs;

/// <summary><c>jobs</c>: a list, newest first; with <c>--watch</c> again and again.</summary>
internal static class JobsCommand
{
    private static readonly TimeSpan ShortestEvery = TimeSpan.FromSeconds(0.1);

    private static readonly Option<bool> Watch = new("--watch", "-w") { Description = "Show it anew every 2 seconds, until Ctrl-C" };
    private static readonly Option<string?> Every = new("--every") { Description = "Show it anew every so often, such as 10s", HelpName = "TIME" };

    public static Command Create()
    {
        var jobs = new Command("jobs", "List jobs, newest first") { FilterOptions.States };
        foreach (var option in FilterOptions.All) jobs.Add(option);
        jobs.Add(JobList.Limit);
        jobs.Add(Watch);
        jobs.Add(Every);
        return Invocation.Of(jobs, RunAsync);
    }

    private static async Task<int> RunAsync(Invocation invocation)
    {
        var filter = FilterOptions.Read(invocation.Parsed);
        var connection = invocation.Connect();
        if (invocation.Parsed.GetValue(Watch) || invocation.Parsed.GetValue(Every) is not null) return await WatchAsync(connection, filter, invocation);
        var page = await JobList.ReadAsync(connection.Broker, filter, invocation);
        if (invocation.AsJson)
        {
            Console.Out.WriteLine(JobText.Json(page, WireJson.Default.JobPage));
            return ExitCodes.Ok;
        }
        foreach (var line in Lines(page)) Console.Out.WriteLine(line);
        if (page.Jobs.Count == 0) invocation.Messages.Say("no jobs");
        JobList.SayMore(page, invocation);
        return ExitCodes.Ok;
    }

    private static async Task<int> WatchAsync(Connection connection, JobFilter filter, Invocation invocation)
    {
        var every = invocation.Parsed.GetValue(Every) is { } text ? Duration.Parse(Every.Name, text) : TimeSpan.FromSeconds(2);
        if (every < ShortestEvery) throw new CommandException("--every: it takes 0.1s or more.", ExitCodes.Usage);
        using var screen = new LiveText();
        using var timer = new PeriodicTimer(every, TimeProvider.System);
        IReadOnlyList<string>? last = null;
        try
        {
            do
            {
                try
                {
                    var page = await JobList.ReadAsync(connection.Broker, filter, invocation);
                    last = page.Jobs.Count == 0 ? ["no jobs"] : Lines(page);
                    if (invocation.AsJson) screen.Add(JobText.Json(page, WireJson.Default.JobPage));
                    else screen.Show(last);
                }
                catch (BrokerException e) when (e.IsPassing && last is not null)
                {
                    var trouble = $"trying again: {connection.Explain(e).Line}";
                    if (LiveText.IsInPlace && !invocation.AsJson) screen.Show([.. last, VisibleText.Of(trouble)]);
                    else invocation.Messages.Step(trouble);
                }
            }
            while (await timer.WaitForNextTickAsync(invocation.Stop));
        }
        catch (Exception e) when (e is IOException || (e is OperationCanceledException && invocation.Stop.IsCancellationRequested))
        {
            // Ctrl-C, or whoever read it has gone: that is how it ends.
        }
        return ExitCodes.Ok;
    }

    private static List<string> Lines(JobPage page) => [.. page.Jobs.Zip(JobReference.Ends(page.Jobs), static (job, end) => JobText.Line(job, end))];
}
