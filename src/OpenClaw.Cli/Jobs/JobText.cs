using System.Globalization;
using System.Text.Json.Serialization.Metadata;
using System.Text.Json;
using System.Text;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Jobs;

/// <summary>Jobs as lines for people, and as the JSON the broker speaks.</summary>
internal static class JobText
{
    /// <summary>What a table shows of a text at most.</summary>
    private const int LongestLine = 120;

    /// <summary>What became of a job, as an exit code; a job that still waits or runs is no failure.</summary>
    public static int ExitCode(JobView job) => State(job) switch
    {
        JobStates.Cancelled => ExitCodes.Cancelled,
        JobStates.Failed => ExitCodes.Failed,
        _ => ExitCodes.Ok,
    };

    public static string State(JobView job) => job.State ?? job.Status;

    public static string Json<T>(T answer, JsonTypeInfo<T> type) => JsonSerializer.Serialize(answer, type);

    /// <summary>One job, one line per fact.</summary>
    public static string Describe(JobView job)
    {
        var text = new StringBuilder();
        void Fact(string name, string? value)
        {
            if (value is not null) text.AppendLine(CultureInfo.InvariantCulture, $"{name,-10} {VisibleText.Of(value, lines: true)}");
        }

        Fact("id", job.Id);
        Fact("state", State(job) + (job.CancelRequested && !JobStatuses.IsFinal(job.Status) ? " (is to be cancelled)" : ""));
        Fact("command", job.Command);
        Fact("worker", job.WorkerId);
        Fact("attempt", job.Attempt > 1 ? job.Attempt.ToString(CultureInfo.InvariantCulture) : null);
        Fact("created", Time(job.CreatedAt));
        Fact("not before", State(job) == JobStates.Scheduled ? Time(job.RunAt) : null);
        foreach (var hold in job.Holds ?? []) Fact("held", $"since {Time(hold.Since)} ({hold.Kind}){(hold.Detail is null ? "" : $": {hold.Detail}")}");
        foreach (var parent in job.DependsOn ?? []) Fact("after", $"{parent.Id} (if that fails: {parent.IfFailed})");
        Fact("batch", job.Batch);
        Fact("retry of", job.RetryOf);
        Fact("schedule", job.Schedule is null ? null : $"{job.Schedule}{(job.Tick is null ? "" : $", for {Time(job.Tick)}")}");
        Fact("started", Time(job.StartedAt));
        Fact("finished", Time(job.FinishedAt));
        Fact("error", job.Error);
        Fact("result", job.Result);
        return text.ToString();
    }

    /// <summary>One job, one line.</summary>
    /// <param name="end">What to name the job by.</param>
    public static string Line(JobView job, string end) =>
        $"{end}  {VisibleText.Of(State(job)),-9}  {Time(job.CreatedAt)}  {VisibleText.Of(job.WorkerId ?? "-"),-16}  {VisibleText.Of(job.Command)}";

    /// <summary>A text's first line, cut where it is long.</summary>
    public static string FirstLine(string text)
    {
        var end = text.AsSpan().IndexOfAny('\r', '\n');
        var length = Math.Min(end < 0 ? text.Length : end, LongestLine);
        return text[..length] + (length < text.AsSpan().TrimEnd().Length ? " …" : "");
    }

    /// <summary>How long ago it was created, in the largest unit that fits.</summary>
    public static string Age(JobView job, DateTimeOffset now) => Math.Max(0, now.ToUnixTimeSeconds() - job.CreatedAt) switch
    {
        < 60 and var seconds => $"{seconds} s ago",
        < 3600 and var seconds => $"{seconds / 60} min ago",
        < 86400 and var seconds => $"{seconds / 3600} h ago",
        var seconds => $"{seconds / 86400} d ago",
    };

    /// <summary>Null also for what no calendar holds.</summary>
    public static string? Time(long? seconds) => seconds is { } s and >= -62135596800 and <= 253402300799
        ? DateTimeOffset.FromUnixTimeSeconds(s).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture)
        : null;
}
