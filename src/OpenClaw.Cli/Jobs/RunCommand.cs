using System.CommandLine;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Jobs;

/// <summary><c>run</c>: makes a job, shows what it writes while it runs, and ends as it ends; <c>logs</c>: what a job wrote.</summary>
internal static class RunCommand
{
    private static readonly Argument<string[]> Payload = new("PAYLOAD")
    {
        Description = "What to do it with, words joined by spaces; - reads it from stdin",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private static readonly Option<bool> Follow = new("--follow", "-f") { Description = "Go on with what it writes, until its end" };

    public static Command Create()
    {
        var run = new Command("run", "Do a job now: shows its output as it comes, and ends with its exit code") { JobOptions.Command, Payload };
        foreach (var option in JobOptions.All) run.Add(option);
        return Invocation.Of(run, RunAsync);
    }

    public static Command CreateLogs() => Invocation.Of(new Command("logs", "Print what a job wrote") { StatusCommand.Id, Follow }, LogsAsync);

    private static async Task<int> RunAsync(Invocation invocation)
    {
        var (parsed, stop) = (invocation.Parsed, invocation.Stop);
        var broker = invocation.Connect().Broker;
        var payload = await JobOptions.TextAsync(string.Join(' ', parsed.GetValue(Payload)!), stop);
        var key = Guid.NewGuid().ToString("N");
        var job = JobOptions.Read(parsed, parsed.GetValue(JobOptions.Command)!, payload);
        var created = await Repeat.UntilAnsweredAsync(() => broker.CreateAsync(job, key, stop), invocation);
        var printer = new OutputPrinter(invocation.Messages);
        try
        {
            await new JobFollower(broker, printer, invocation.Messages, TimeProvider.System).UntilEndedAsync(created.Id, stop);
            return End(await broker.GetAsync(created.Id, stop: stop), printer, invocation);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return await LeaveAsync(broker, created.Id, invocation);
        }
        catch (BrokerException)
        {
            invocation.Messages.Say($"clawctl: the job is accepted; `clawctl logs -f {created.Id}` goes on with it.");
            throw;
        }
    }

    /// <summary>Prints what was not printed while the job ran.</summary>
    private static int End(JobView job, OutputPrinter printer, Invocation invocation)
    {
        invocation.Messages.StepOver();
        if (invocation.AsJson) Console.Out.WriteLine(JobText.Json(job, WireJson.Default.JobView));
        else if (job.Error is { } error) invocation.Messages.Say($"clawctl: job {job.Id} {JobText.State(job)}: {error}");
        else if (!printer.HasOutput && job.Result is { Length: > 0 } result)
        {
            Console.Out.WriteLine(Console.IsOutputRedirected ? result : VisibleText.Of(result, lines: true));
        }
        return printer.ExitCode is > 0 and <= 255 and var code && JobText.State(job) != JobStates.Cancelled ? code : JobText.ExitCode(job);
    }

    /// <summary>Somebody pressed Ctrl-C: the job is another thing than its watching.</summary>
    private static async Task<int> LeaveAsync(BrokerClient broker, string id, Invocation invocation)
    {
        invocation.Messages.StepOver();
        if (!Console.IsInputRedirected && !Console.IsErrorRedirected && await Confirmation.AskAsync($"Cancel the job {id}? If not, it goes on.", invocation))
        {
            var answer = await broker.CancelAsync(id, "cancelled at the terminal");
            invocation.Messages.Say($"clawctl: job {id}: {CancelCommand.Describe(answer, id)}");
            return ExitCodes.Interrupted;
        }
        invocation.Messages.Say($"clawctl: the job {id} goes on; `clawctl logs -f {id}` shows its output, `clawctl cancel {id}` ends it.");
        return ExitCodes.Interrupted;
    }

    private static async Task<int> LogsAsync(Invocation invocation)
    {
        var (broker, stop) = (invocation.Connect().Broker, invocation.Stop);
        var id = await JobReference.ResolveAsync(invocation.Parsed.GetValue(StatusCommand.Id)!, broker, invocation.Messages, stop);
        var printer = new OutputPrinter(invocation.Messages);
        if (invocation.Parsed.GetValue(Follow))
        {
            await new JobFollower(broker, printer, invocation.Messages, TimeProvider.System).UntilEndedAsync(id, stop);
            invocation.Messages.StepOver();
            return ExitCodes.Ok;
        }
        while (await broker.ListChunksAsync(id, printer.Last, stop) is { Chunks: { Count: > 0 } chunks })
        {
            foreach (var chunk in chunks)
            {
                if (invocation.AsJson) Console.Out.WriteLine(JobText.Json(chunk, WireJson.Default.ChunkView));
                printer.Print(chunk, isQuiet: invocation.AsJson);
            }
        }
        invocation.Messages.StepOver();
        return ExitCodes.Ok;
    }
}
