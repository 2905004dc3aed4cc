using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using OpenClaw.Cli.Jobs;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Schedules;

/// <summary>Schedules as lines for people.</summary>
internal static class ScheduleText
{
    /// <summary>As much of a job's id as names it among all that there may be.</summary>
    private const int ShownEnd = 12;

    public static string[] Header { get; } = ["schedule", "times", "next", "state", "last job"];

    public static string[] Row(ScheduleView schedule) =>
        [schedule.Name, Rhythm(schedule), Next(schedule), State(schedule), schedule.Last is { } last ? JobReference.End(last.Job, ShownEnd) : "-"];

    /// <summary>When it makes its jobs.</summary>
    public static string Rhythm(ScheduleView schedule) =>
        schedule.Cron is { } cron ? $"{cron} {schedule.TimeZone}" : $"every {Duration.Text(schedule.EverySeconds ?? 0)}";

    public static string Next(ScheduleView schedule) => schedule.Next.Count > 0 ? JobText.Time(schedule.Next[0]) ?? "?" : "-";

    /// <summary>One schedule, one line per fact.</summary>
    public static string Describe(ScheduleView schedule)
    {
        var text = new StringBuilder();
        Fact("schedule", schedule.Name);
        Fact("times", Rhythm(schedule));
        Fact("from", JobText.Time(schedule.StartAt));
        Fact("until", JobText.Time(schedule.EndAt));
        Fact("jitter", schedule.JitterSeconds > 0 ? Duration.Text(schedule.JitterSeconds) : null);
        Fact("state", State(schedule));
        Fact("next", schedule.Next.Count > 0 ? string.Join(", ", schedule.Next.Select(static t => JobText.Time(t))) : null);
        Fact("last", schedule.Last is { } last ? $"{JobText.Time(last.Tick)}: job {last.Job}" : null);
        Fact("waiting", schedule.Kept is { } kept ? $"{JobText.Time(kept)}, for the end of the last job" : null);
        Fact("catch-up", $"{schedule.CatchUp}, within {Duration.Text(schedule.CatchUpWindowSeconds)}");
        Fact("overlap", schedule.Overlap);
        Fact("missed", Number(schedule.Missed));
        Fact("skipped", Number(schedule.Skipped));
        Fact("made", $"{JobText.Time(schedule.CreatedAt)} by {schedule.MadeBy}");
        Fact("command", schedule.Command);
        foreach (var (name, value) in schedule.Job ?? []) if (name != "command" && value is not null) Fact(name, Text(value));
        return text.ToString();

        void Fact(string name, string? value)
        {
            if (value is not null) text.AppendLine(CultureInfo.InvariantCulture, $"{VisibleText.Of(name),-15} {VisibleText.Of(value, lines: true)}");
        }

        static string Text(JsonNode value) => value is JsonValue single && single.TryGetValue(out string? said) ? said : value.ToJsonString();

        static string? Number(long number) => number > 0 ? number.ToString(CultureInfo.InvariantCulture) : null;
    }

    private static string State(ScheduleView schedule) => schedule switch
    {
        { Paused: { Reason: { } reason } pause } => $"paused by {pause.By}: {reason}",
        { Paused: { } pause } => $"paused by {pause.By}",
        { Next.Count: > 0 } => "on",
        _ => "ended",
    };
}
