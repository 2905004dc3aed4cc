using System.CommandLine;
using System.Globalization;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Jobs;

/// <summary>
/// <c>hold</c>, <c>unhold</c> and <c>snooze</c>: jobs that wait; <c>history</c> and <c>explain</c>: what happened to one, and why.
/// </summary>
internal static class ChangeCommands
{
    private static readonly Option<string?> Reason = new("--reason") { Description = "Why; shown with the job", HelpName = "TEXT" };
    private static readonly Argument<string> Time = new("TIME") { Description = "How much longer, such as 90s, 10m, 2h or 1d" };

    public static IEnumerable<Command> Create() =>
    [
        Of(new Command("hold", "Let a waiting job wait until `unhold`") { StatusCommand.Id, Reason },
            static (broker, id, i) => broker.HoldAsync(id, i.Parsed.GetValue(Reason), i.Stop)),
        Of(new Command("unhold", "Let a held job go on") { StatusCommand.Id }, static (broker, id, i) => broker.UnholdAsync(id, i.Stop)),
        Of(new Command("snooze", "Let a waiting job wait so much longer") { StatusCommand.Id, Time },
            static (broker, id, i) => broker.SnoozeAsync(id, Duration.Parse("TIME", i.Parsed.GetValue(Time)!), i.Stop)),
        Invocation.Of(new Command("history", "Show what happened to a job") { StatusCommand.Id }, HistoryAsync),
        Invocation.Of(new Command("explain", "Say why a job is not running, or how it ended") { StatusCommand.Id }, ExplainAsync),
    ];

    private static Command Of(Command command, Func<BrokerClient, string, Invocation, Task<ChangedJob>> change) => Invocation.Of(command, async invocation =>
    {
        var broker = invocation.Connect().Broker;
        return Print(await change(broker, await ResolveAsync(broker, invocation), invocation), invocation);
    });

    private static int Print(ChangedJob answer, Invocation invocation)
    {
        Console.Out.WriteLine(invocation.AsJson ? JobText.Json(answer, WireJson.Default.ChangedJob) : answer.State);
        return ExitCodes.Ok;
    }

    private static async Task<int> HistoryAsync(Invocation invocation)
    {
        var broker = invocation.Connect().Broker;
        var history = await broker.GetHistoryAsync(await ResolveAsync(broker, invocation), invocation.Stop);
        if (invocation.AsJson)
        {
            Console.Out.WriteLine(JobText.Json(history, WireJson.Default.JobHistoryView));
            return ExitCodes.Ok;
        }
        var isOneRound = history.Events.All(static e => e.Round == 1);
        foreach (var e in history.Events)
        {
            var attempt = e.Attempt == 0 ? "-" : (isOneRound ? "" : $"{e.Round}.") + e.Attempt.ToString(CultureInfo.InvariantCulture);
            var line = $"{JobText.Time(e.At)}  {e.Event,-12}  {e.State,-9}  {attempt,-4}  {e.Actor ?? "-",-12}  {e.Detail}";
            Console.Out.WriteLine(VisibleText.Of(line).TrimEnd());
        }
        return ExitCodes.Ok;
    }

    private static async Task<int> ExplainAsync(Invocation invocation)
    {
        var broker = invocation.Connect().Broker;
        var why = await broker.ExplainAsync(await ResolveAsync(broker, invocation), invocation.Stop);
        if (invocation.AsJson)
        {
            Console.Out.WriteLine(JobText.Json(why, WireJson.Default.JobExplanation));
            return ExitCodes.Ok;
        }
        Console.Out.WriteLine(VisibleText.Of($"{why.State}: {why.Text} ({why.Code})"));
        if (why.Until is { } until) Console.Out.WriteLine($"until {JobText.Time(until)}");
        foreach (var command in why.Mend) Console.Out.WriteLine(VisibleText.Of($"  {command}"));
        return ExitCodes.Ok;
    }

    private static Task<string> ResolveAsync(BrokerClient broker, Invocation invocation) =>
        JobReference.ResolveAsync(invocation.Parsed.GetValue(StatusCommand.Id)!, broker, invocation.Messages, invocation.Stop);
}
