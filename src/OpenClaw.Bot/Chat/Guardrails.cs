namespace OpenClaw.Bot.Chat;

/// <summary>What a person may do now; a refusal is the sentence that says why not.</summary>
internal sealed class Guardrails(BotSettings settings, TimeProvider clock)
{
    /// <summary>The broker's limit, checked here so that nothing is sent in vain.</summary>
    public const int LargestPayload = 256 * 1024;

    public string? RefuseTooSoon(BotData data, string user)
    {
        if (!data.LastCommands.TryGetValue(user, out var last)) return null;
        var left = settings.Cooldown - (clock.GetUtcNow() - last);
        if (left <= TimeSpan.Zero) return null;
        var seconds = (int)Math.Ceiling(left.TotalSeconds);
        return $"Please wait {seconds} more second{(seconds == 1 ? "" : "s")} before the next command.";
    }

    public string? RefuseTooMany(BotData data, string user) =>
        Active(data, user) < settings.MaxConcurrent
            ? null
            : $"You have the most jobs in progress that are allowed at once ({settings.MaxConcurrent}). Wait for one to end, look at `jobs`, or use `cancel <job_id>`.";

    public static string? RefuseTooLarge(string payload)
    {
        var size = System.Text.Encoding.UTF8.GetByteCount(payload);
        return size <= LargestPayload ? null : $"That text has {size:N0} bytes; the broker takes at most {LargestPayload:N0}. Nothing was sent.";
    }

    /// <summary>The person's jobs that are queued or running.</summary>
    public static int Active(BotData data, string user) => data.Jobs.Count(j => j.UserId == user && !j.Ended && !j.IsWatch);
}
