using System.CommandLine;
using OpenClaw.Client;

namespace OpenClaw.Cli.Jobs;

/// <summary>Which jobs a command means; each command takes those of the options that it needs.</summary>
internal static class FilterOptions
{
    public static Option<string?> States { get; } = new("--state")
    {
        Description = "Only these, with commas: queued, scheduled, held, running, done, failed, cancelled",
        HelpName = "STATES",
        CompletionSources = { "queued", "scheduled", "held", "running", "done", "failed", "cancelled" },
    };

    public static Option<string?> CommandName { get; } = new("--command") { Description = "Only jobs of this command", HelpName = "COMMAND" };
    public static Option<string?> Queue { get; } = new("--queue") { Description = "Only jobs of this queue", HelpName = "QUEUE" };
    private static readonly Option<string?> WorkerName = new("--worker") { Description = "Only jobs of this worker", HelpName = "WORKER" };
    private static readonly Option<string?> Tag = new("--tag") { Description = "Only jobs with this tag", HelpName = "TAG" };
    private static readonly Option<string?> Batch = new("--batch") { Description = "Only jobs of this batch", HelpName = "ID" };
    private static readonly Option<string?> Requester = new("--requester") { Description = "Only jobs for this person", HelpName = "NAME" };
    private static readonly Option<string?> Text = new("--text") { Description = "Only jobs with this in command, payload or error", HelpName = "TEXT" };
    private static readonly Option<string?> Since = new("--since") { Description = "Only jobs made within so long, such as 2h or 7d", HelpName = "TIME" };
    private static readonly Option<bool> Oldest = new("--oldest") { Description = "Oldest first" };

    /// <summary>All but the states.</summary>
    public static IReadOnlyList<Option> All { get; } = [CommandName, WorkerName, Queue, Tag, Batch, Requester, Text, Since, Oldest];

    /// <exception cref="CommandException">A time is none.</exception>
    public static JobFilter Read(ParseResult parsed) => new()
    {
        State = parsed.GetValue(States)?.Replace(" ", "", StringComparison.Ordinal),
        Command = parsed.GetValue(CommandName),
        Worker = parsed.GetValue(WorkerName),
        Queue = parsed.GetValue(Queue),
        Tag = parsed.GetValue(Tag),
        Batch = parsed.GetValue(Batch),
        Requester = parsed.GetValue(Requester),
        Text = parsed.GetValue(Text),
        CreatedAfter = Duration.Seconds(parsed, Since) is { } seconds ? TimeProvider.System.GetUtcNow().AddSeconds(-seconds).ToUnixTimeSeconds() : null,
        OldestFirst = parsed.GetValue(Oldest),
    };
}
