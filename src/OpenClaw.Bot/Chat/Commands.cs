using System.Buffers;

namespace OpenClaw.Bot.Chat;

internal enum Suggests
{
    Nothing,
    Jobs,
    RunningJobs,
    Plans,
    HeldJobs,
    ServedCommands,
}

/// <summary>What stands behind a command's name.</summary>
internal sealed record Argument(string Name, string Description, bool IsRequired = false)
{
    public Suggests Suggests { get; init; }

    public string Usage => IsRequired ? $"<{Name}>" : $"[{Name}]";
}

/// <summary>A command of the bot, the same whether it is typed or picked.</summary>
/// <param name="BrokerCommand">What the job is called, for a command that makes one.</param>
internal sealed record Command(string Name, string Description, string? BrokerCommand = null)
{
    public IReadOnlyList<Argument> Arguments { get; init; } = [];

    /// <summary>The payload is a JSON object with a field for each argument.</summary>
    public bool HasFields { get; init; }

    public bool NeedsWords => Arguments is [{ IsRequired: true }, ..];

    /// <summary>An only argument takes the whole line; of several, what is optional says so.</summary>
    public string Usage => Arguments is [var one] ? $"{Name} <{one.Name}>" : string.Join(' ', [Name, .. Arguments.Select(a => a.Usage)]);
}

internal static class Commands
{
    public const string Ping = "ping";
    public const string Capabilities = "capabilities";
    public const string Run = "run";
    public const string Plan = "plan";
    public const string Approve = "approve";
    public const string Repos = "repos";
    public const string RepoStatus = "repostat";
    public const string Last = "last";
    public const string Grep = "grep";
    public const string Cat = "cat";
    public const string Deny = "deny";
    public const string Status = "status";
    public const string Jobs = "jobs";
    public const string Cancel = "cancel";
    public const string Watch = "watch";
    public const string Why = "why";
    public const string Retry = "retry";
    public const string Every = "every";
    public const string Schedules = "schedules";
    public const string Pause = "pause";
    public const string Resume = "resume";
    public const string Unschedule = "unschedule";
    public const string WhoAmI = "whoami";
    public const string Help = "help";

    private static readonly Argument Job = new("job_id", "The job's short name, or any beginning or end of its id", true) { Suggests = Suggests.Jobs };
    private static readonly Argument Schedule = new("schedule", "The schedule's name", true);
    private static readonly Argument Repo = new("repo", $"One of those that {Repos} lists", true);

    public static IReadOnlyList<Command> All { get; } =
    [
        new(Ping, "Ask a runner for a sign of life", "ping") { Arguments = [new("text", "What it sends back")] },
        new(Capabilities, "Show what the runner can do", "capabilities"),
        new(Run, "Have any command done that a runner serves")
        {
            Arguments = [new("command", "Its name", true) { Suggests = Suggests.ServedCommands }, new("text", "What it is given")],
        },
        new(Plan, "Have a plan made, to approve or cancel", "plan_echo") { Arguments = [new("text", "What to plan", true)] },
        new(Approve, "Approve a plan, or a job that waits for your yes", "approve_echo")
        {
            Arguments = [new("id", "The plan's id, or the job's", true) { Suggests = Suggests.Plans }],
        },
        new(Deny, "Deny a job that waits for your yes") { Arguments = [new("id", "The job's id", true) { Suggests = Suggests.HeldJobs }] },
        new(Repos, "List the repositories", "repo_list") { HasFields = true },
        new(RepoStatus, "Show a repository's branch and changes", "repo_status") { HasFields = true, Arguments = [Repo] },
        new(Last, "Show a repository's last commit", "repo_last_commit") { HasFields = true, Arguments = [Repo] },
        new(Grep, "Search a repository", "repo_grep")
        {
            HasFields = true, Arguments = [Repo, new("query", "What to look for", true), new("path", "A folder or file to look in")],
        },
        new(Cat, "Show lines of a repository's file", "repo_readfile")
        {
            HasFields = true,
            Arguments = [Repo, new("path", "The file", true), new("start", "The first line"), new("end", "The last line; else 200 lines are shown")],
        },
        new(Status, "Show a job and its result") { Arguments = [Job] },
        new(Jobs, "List your jobs, newest first"),
        new(Watch, "Show a job here until it ends") { Arguments = [Job] },
        new(Cancel, "Cancel a job") { Arguments = [Job with { Suggests = Suggests.RunningJobs }] },
        new(Why, "Say why a job is not running, or how it ended") { Arguments = [Job] },
        new(Retry, "Do a failed or cancelled job again") { Arguments = [Job] },
        new(Every, $"Do a command again and again, such as: every {ScheduleLine.Example}")
        {
            Arguments = [new("when_and_command", $"Such as: {ScheduleLine.Example}", true)],
        },
        new(Schedules, "List the schedules and their next times"),
        new(Pause, "Let a schedule rest") { Arguments = [Schedule] },
        new(Resume, "Let a schedule that rests go on") { Arguments = [Schedule] },
        new(Unschedule, "End a schedule") { Arguments = [Schedule] },
        new(WhoAmI, "Show who you are to the bot, and your limits"),
        new(Help, "List the commands"),
    ];

    public static Command? Find(string name) => All.FirstOrDefault(c => c.Name == name);
}

/// <summary>A typed line: its first word, in lower case and without a slash before it, and the rest.</summary>
internal sealed record ParsedText(string Name, string Argument)
{
    private static readonly SearchValues<char> Spaces = SearchValues.Create(" \t\r\n\u00a0\u3000");

    /// <summary>Null where there is nothing.</summary>
    public static ParsedText? Parse(string text)
    {
        var line = text.Trim();
        if (line.Length == 0) return null;
        var end = line.AsSpan().IndexOfAny(Spaces);
        var name = (end < 0 ? line : line[..end]).ToLowerInvariant();
        return new ParsedText(name.Length > 1 ? name.TrimStart('/') : name, end < 0 ? "" : line[end..].Trim());
    }
}
