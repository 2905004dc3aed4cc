using System.CommandLine;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Jobs;

/// <summary><c>workers</c>: who asks for jobs, and what each runs; <c>drain</c> and <c>resume</c> of one; <c>commands</c>: what they serve.</summary>
internal static class WorkersCommand
{
    private static readonly Argument<string> Name = new("WORKER") { Description = "Its id, as `clawctl workers` shows it" };
    private static readonly Option<string?> Reason = new("--reason") { Description = "Why; shown with the worker", HelpName = "TEXT" };

    public static IEnumerable<Command> Create() =>
    [
        Invocation.Of(new Command("workers", "List workers and what they run")
        {
            Invocation.Of(new Command("drain", "Let a worker have no more jobs; what it runs goes on") { Name, Reason }, static i => DrainAsync(i, true)),
            Invocation.Of(new Command("resume", "Let a drained worker have jobs again") { Name }, static i => DrainAsync(i, false)),
        }, ListAsync),
        Invocation.Of(new Command("commands", "List what workers serve, and so can be asked for"), CommandsAsync),
    ];

    private static async Task<int> ListAsync(Invocation invocation)
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
            var drain = worker.Draining is { } why ? $"  drained by {why.By}{(why.Reason is null ? "" : $": {why.Reason}")}" : "";
            Console.Out.WriteLine(VisibleText.Of($"{worker.Id,-20}  {seen,-20}  {worker.Running.Count} running  {string.Join(",", worker.Queues)}  "
                + string.Join(",", worker.Caps) + drain).TrimEnd());
        }
        if (page.Workers.Count == 0) invocation.Messages.Say("no workers");
        return ExitCodes.Ok;
    }

    private static async Task<int> DrainAsync(Invocation invocation, bool drain)
    {
        var reason = drain ? invocation.Parsed.GetValue(Reason) : null;
        var answer = await invocation.Connect().Broker.DrainWorkerAsync(invocation.Parsed.GetValue(Name)!, drain, reason, invocation.Stop);
        Console.Out.WriteLine(invocation.AsJson ? JobText.Json(answer, WireJson.Default.DrainedWorker)
            : VisibleText.Of($"{answer.Id}: {(drain ? "drained" : "goes on")}"));
        return ExitCodes.Ok;
    }

    private static async Task<int> CommandsAsync(Invocation invocation)
    {
        var page = await invocation.Connect().Broker.ListCommandsAsync(invocation.Stop);
        if (invocation.AsJson)
        {
            Console.Out.WriteLine(JobText.Json(page, WireJson.Default.CommandPage));
            return ExitCodes.Ok;
        }
        foreach (var command in page.Commands)
        {
            Console.Out.WriteLine(VisibleText.Of($"{command.Name,-20}  {string.Join(",", command.Workers),-20}  "
                + $"{(command.Approval ? "(waits for a yes) " : "")}{command.Description}").TrimEnd());
        }
        if (page.Commands.Count == 0) invocation.Messages.Say("no worker has told what it serves");
        return ExitCodes.Ok;
    }
}
