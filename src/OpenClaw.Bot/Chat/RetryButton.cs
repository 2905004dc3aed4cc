using System.Globalization;

namespace OpenClaw.Bot.Chat;

/// <summary>The button under a failed job: its id says which job, and which of its rounds failed.</summary>
internal static class RetryButton
{
    private const string Retry = "retry:";
    private const int LongestId = 80;

    /// <summary>Null where the job's id is more than a button carries.</summary>
    public static IReadOnlyList<Button>? For(string jobId, int round) =>
        jobId.Length is > 0 and <= LongestId ? [new(string.Create(CultureInfo.InvariantCulture, $"{Retry}{round}:{jobId}"), "Retry")] : null;

    /// <summary>What a button's id means; null where it is none of these.</summary>
    public static (string JobId, int Round)? Read(string buttonId) =>
        buttonId.StartsWith(Retry, StringComparison.Ordinal) && buttonId.Split(':', 3) is [_, var number, { Length: > 0 } jobId]
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var round)
            ? (jobId, round)
            : null;
}
