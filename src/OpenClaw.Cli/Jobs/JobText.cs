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
    /// <summary>What became of a job, as an exit code; a job that still waits or runs is no failure.</summary>
    public static int ExitCode(JobView job) => State(job) switch
    {
        JobStates.Cancelled => ExitCodes.Cancelled,
        JobStates.Failed => ExitCodes.Failed,
        _ => ExitCodes.Ok,
    };

    public static string State(JobView job) => job.State ?? job.Status;

    public static string Json<T>(T answer, JsonTypeInfo<T> type) => JsonSerializer.Serialize(answer, type);

    /// <summary>One job, a line a fact.</summary>
    public static string Describe(JobView job)
    {
        var text = new StringBuilder();
        void Fact(string name, string? value)
        {
            if (value is not null) text.AppendLine(CultureInfo.InvariantCulture, $"{name,-10} {value}");
        }

        Fact("id", job.Id);
        Fact("state", State(job) + (job.CancelRequested && !JobStatuses.IsFinal(job.Status) ? " (is to be cancelled)" : ""));
        Fact("command", Clean(job.Command));
        Fact("worker", job.WorkerId is { } worker ? Clean(worker) : null);
        Fact("attempt", job.Attempt > 1 ? job.Attempt.ToString(CultureInfo.InvariantCulture) : null);
        Fact("created", Time(job.CreatedAt));
        Fact("started", Time(job.StartedAt));
        Fact("finished", Time(job.FinishedAt));
        Fact("error", job.Error is { } error ? Clean(error, lines: true) : null);
        Fact("result", job.Result is { } result ? Clean(result, lines: true) : null);
        return text.ToString();
    }

    /// <summary>One job, one line.</summary>
    public static string Line(JobView job) =>
        $"{job.Id}  {State(job),-9}  {Time(job.CreatedAt)}  {Clean(job.WorkerId ?? "-"),-16}  {Clean(job.Command)}";

    /// <summary>Jobs hold what others sent: nothing in them may steer the terminal.</summary>
    public static string Clean(string text, bool lines = false)
    {
        if (!text.Any(c => char.IsControl(c))) return text;
        return string.Concat(text.Select(c => char.IsControl(c) && !(lines && c is '\n' or '\t') ? "\ufffd" : c.ToString()));
    }

    private static string? Time(long? seconds) =>
        seconds is { } s and >= -62135596800 and <= 253402300799 ? DateTimeOffset.FromUnixTimeSeconds(s).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) : null;
}
