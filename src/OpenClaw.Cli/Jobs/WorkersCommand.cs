using System.CommandLine;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Jobs;

/// <summary><c>workers</c>: who asks for jobs, and what each runs.</summary>
internal static class WorkersCommand
{
    public static Command Create() => Invocation.Of(new Command("workers", "List workers and what they run"), RunAsync);

    private static async Task<int> RunAsync(Invocation invocation)
    {
        var page = await invocation.Connect().Broker.ListWorkersAsync(invocation.Stop);
        if (invocation.AsJson)
        {
            Console.Out.WriteLine(JobText.Json(page, WireJson.Default.WorkerPage));
            return ExitCodes.Ok;
        }
        foreach (var worker in page.Workers)
        {
            var seen = JobText.Time(worker.SeenAt) ?? "not since the broker's start";
            Console.Out.WriteLine(VisibleText.Of($"{worker.Id,-20}  {seen,-20}  {worker.Running.Count} running  {string.Join(",", worker.Queues)}  "
                + string.Join(",", worker.Caps)).TrimEnd());
        }
        if (page.Workers.Count == 0) invocation.Messages.Say("no workers");
        return ExitCodes.Ok;
    }
}
