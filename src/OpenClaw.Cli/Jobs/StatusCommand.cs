using System.CommandLine;
using OpenClaw.Contracts;

namespace OpenClaw.Cli.Jobs;

/// <summary><c>status</c>: one job as it is; <c>watch</c>: as it ended.</summary>
internal static class StatusCommand
{
    public static Argument<string> Id { get; } = new("ID") { Description = "The job's id, or its beginning or end" };

    private static readonly Option<bool> Wait = new("--wait") { Description = "Wait for the job's end" };

    public static Command Create() => Invocation.Of(
        new Command("status", "Show one job; its end is the exit code") { Id, Wait }, i => RunAsync(i, i.Parsed.GetValue(Wait)));

    public static Command CreateWatch() => Invocation.Of(
        new Command("watch", "Wait for a job's end and show it; its end is the exit code") { Id }, i => RunAsync(i, wait: true));

    private static async Task<int> RunAsync(Invocation invocation, bool wait)
    {
        var broker = invocation.Connect().Broker;
        var id = await JobReference.ResolveAsync(invocation.Parsed.GetValue(Id)!, broker, invocation.Messages, invocation.Stop);
        var job = wait
            ? await new JobWatch(broker, invocation.Messages, TimeProvider.System).UntilEndedAsync(id, invocation.Stop)
            : await broker.GetAsync(id, stop: invocation.Stop);
        Console.Out.Write(invocation.AsJson ? JobText.Json(job, WireJson.Default.JobView) + "\n" : JobText.Describe(job));
        return JobText.ExitCode(job);
    }
}
