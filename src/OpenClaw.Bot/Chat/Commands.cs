using System.Buffers;

namespace OpenClaw.Bot.Chat;

internal enum Suggests
{
    Nothing,
    Jobs,
    RunningJobs,
    Plans,
}

/// <summary>A command of the bot, the same whether it is typed or picked.</summary>
/// <param name="BrokerCommand">What the job is called, for a command that makes one.</param>
internal sealed record Command(string Name, string Description, string? BrokerCommand = null)
{
    public string? Argument { get; init; }
    public string ArgumentDescription { get; init; } = "";
    public bool ArgumentRequired { get; init; }
    public Suggests Suggests { get; init; }

    public string Usage => Argument is null ? Name : $"{Name} <{Argument}>";
}

internal static class Commands
{
    public const string Ping = "ping";
    public const string Capabilities = "capabilities";
    public const string Plan = "plan";
    public const string Approve = "approve";
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

    private const string JobId = "job_id";
    private const string Schedule = "schedule";
    private const string WhichSchedule = "The schedule's name";
    private const string WhichJob = "The job's short name, or any beginning or end of its id";

    public static IReadOnlyList<Command> All { get; } =
    [
        new(Ping, "Ask a runner for a sign of life", "ping") { Argument = "text", ArgumentDescription = "What it sends back" },
        new(Capabilities, "Show what the runner can do", "capabilities"),
        new(Plan, "Have a plan made, to approve or cancel", "plan_echo") { Argument = "text", ArgumentDescription = "What to plan", ArgumentRequired = true },
        new(Approve, "Approve a plan", "approve_echo")
        {
            Argument = "plan_id", ArgumentDescription = "The plan's id", ArgumentRequired = true, Suggests = Suggests.Plans,
        },
        new(Status, "Show a job and its result") { Argument = JobId, ArgumentDescription = WhichJob, ArgumentRequired = true, Suggests = Suggests.Jobs },
        new(Jobs, "List your jobs, newest first"),
        new(Watch, "Show a job here until it ends") { Argument = JobId, ArgumentDescription = WhichJob, ArgumentRequired = true, Suggests = Suggests.Jobs },
        new(Cancel, "Cancel a job") { Argument = JobId, ArgumentDescription = WhichJob, ArgumentRequired = true, Suggests = Suggests.RunningJobs },
        new(Why, "Say why a job is not running, or how it ended")
        {
            Argument = JobId, ArgumentDescription = WhichJob, ArgumentRequired = true, Suggests = Suggests.Jobs,
        },
        new(Retry, "Do a failed or cancelled job again")
        {
            Argument = JobId, ArgumentDescription = WhichJob, ArgumentRequired = true, Suggests = Suggests.Jobs,
        },
        new(Every, $"Do a command again and again, such as: every {ScheduleLine.Example}")
        {
            Argument = "when_and_command", ArgumentDescription = $"Such as: {ScheduleLine.Example}", ArgumentRequired = true,
        },
        new(Schedules, "List the schedules and their next times"),
        new(Pause, "Let a schedule rest") { Argument = Schedule, ArgumentDescription = WhichSchedule, ArgumentRequired = true },
        new(Resume, "Let a schedule that rests go on") { Argument = Schedule, ArgumentDescription = WhichSchedule, ArgumentRequired = true },
        new(Unschedule, "End a schedule") { Argument = Schedule, ArgumentDescription = WhichSchedule, ArgumentRequired = true },
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
