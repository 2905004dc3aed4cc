using System.CommandLine;
using System.Globalization;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Jobs;

/// <summary><c>queues limit</c>: how many jobs of a queue may run at once, and how many may start within a time.</summary>
internal static class QueueLimitCommand
{
    private const string ByQueue = "queue";

    private static readonly Option<int?> MaxRunning = new("--max-running") { Description = "No more than so many at once", HelpName = "N" };
    private static readonly Option<int?> Starts = new("--starts") { Description = "No more than so many starts in the time that --per names", HelpName = "N" };
    private static readonly Option<string?> Per = new("--per") { Description = "The time for --starts, such as 1m", HelpName = "TIME" };
    private static readonly Option<string?> ByCommand = new("--command") { Description = "Of this command alone", HelpName = "COMMAND" };
    private static readonly Option<string?> ByRequester = new("--requester") { Description = "For this person alone", HelpName = "NAME" };
    private static readonly Option<bool> EachCommand = new("--each-command") { Description = "Of each command by itself" };
    private static readonly Option<bool> EachRequester = new("--each-requester") { Description = "For each person by himself" };
    private static readonly Option<bool> None = new("--none") { Description = "Take the limit away; where no command or person is named, all of the queue's" };

    public static Command Create(Argument<string> queue) => Invocation.Of(
        new Command("limit", "Limit how many of a queue's jobs run at once, or start in a time")
        {
            queue, MaxRunning, Starts, Per, ByCommand, ByRequester, EachCommand, EachRequester, None,
        }, invocation => RunAsync(invocation, invocation.Parsed.GetValue(queue)!));

    /// <summary>All limits of a queue in one line; empty where there is none.</summary>
    public static string Text(IReadOnlyList<LimitView>? limits) => string.Join("; ", (limits ?? []).Select(static limit =>
    {
        var whose = limit.By == ByQueue ? "" : limit.Value is null ? $"each {limit.By}: " : $"{limit.By} {limit.Value}: ";
        var running = limit.MaxRunning is { } most ? string.Create(CultureInfo.InvariantCulture, $"{most} running") : null;
        var starts = limit is { Starts: { } number, PerSeconds: { } seconds }
            ? string.Create(CultureInfo.InvariantCulture, $"{number} per {Duration.Text(seconds)}") : null;
        return whose + string.Join(", ", new[] { running, starts }.Where(static t => t is not null));
    }));

    private static async Task<int> RunAsync(Invocation invocation, string name)
    {
        var limit = Read(invocation.Parsed);
        var takeAway = invocation.Parsed.GetValue(None);
        if (!takeAway && limit is { MaxRunning: null, Starts: null })
        {
            throw new CommandException("no limit is given. Name --max-running, or --starts and --per, or take it away with --none.", ExitCodes.Usage);
        }
        var answer = await LimitAsync(invocation, name, limit, takeAway);
        Console.Out.WriteLine(invocation.AsJson ? JobText.Json(answer, WireJson.Default.LimitsAnswer)
            : VisibleText.Of($"{answer.Name}: {(answer.Limits.Count == 0 ? "no limits" : Text(answer.Limits))}"));
        return ExitCodes.Ok;
    }

    /// <summary>Puts the limit among the queue's others, also where somebody changes these at the same time.</summary>
    private static async Task<LimitsAnswer> LimitAsync(Invocation invocation, string name, LimitView limit, bool takeAway)
    {
        const int MostTries = 5;
        var broker = invocation.Connect().Broker;
        for (var tries = 1; ; tries++)
        {
            var queue = (await broker.ListQueuesAsync(invocation.Stop)).Queues.FirstOrDefault(q => q.Name == name)
                ?? throw new CommandException($"there is no queue '{name}'. `clawctl queues` shows those there are; a queue's first job makes it.",
                    ExitCodes.NotFound);
            var others = takeAway && limit.By == ByQueue ? []
                : (queue.Limits ?? []).Where(l => l.By != limit.By || (l.By != ByQueue && l.Value != limit.Value)).ToList();
            var limits = takeAway ? others : [.. others, limit with { Value = limit.By == ByQueue ? name : limit.Value }];
            try
            {
                return await broker.LimitQueueAsync(name, limits, queue.Version, invocation.Stop);
            }
            catch (BrokerException e) when (e.Code == ErrorCodes.Changed && tries < MostTries)
            {
                // read again what it is by now
            }
        }
    }

    private static LimitView Read(ParseResult parsed)
    {
        var (by, value) = (parsed.GetValue(ByCommand), parsed.GetValue(ByRequester), parsed.GetValue(EachCommand), parsed.GetValue(EachRequester)) switch
        {
            (null, null, false, false) => (ByQueue, null),
            ({ } command, null, false, false) => ("command", command),
            (null, { } requester, false, false) => ("requester", requester),
            (null, null, true, false) => ("command", null),
            (null, null, false, true) => ("requester", (string?)null),
            _ => throw new CommandException("--command, --requester, --each-command and --each-requester are four kinds of limits. Name one of them, "
                + "and run it again for another.", ExitCodes.Usage),
        };
        var limit = new LimitView(by, value, parsed.GetValue(MaxRunning), parsed.GetValue(Starts), Duration.Seconds(parsed, Per));
        if (parsed.GetValue(None) && limit is not { MaxRunning: null, Starts: null, PerSeconds: null })
        {
            throw new CommandException("--none takes a limit away. Give it without numbers.", ExitCodes.Usage);
        }
        if (limit.Starts is null != limit.PerSeconds is null)
        {
            throw new CommandException("--starts and --per are one limit: so many in so much time. Give both, such as --starts 10 --per 1m.", ExitCodes.Usage);
        }
        return limit;
    }
}
