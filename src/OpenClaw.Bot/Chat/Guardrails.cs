namespace OpenClaw.Bot.Chat;

/// <summary>What a person may do now; a refusal is the sentence that says why not.</summary>
internal sealed class Guardrails(IChatText text, ChatSettings settings, TimeProvider clock)
{
    /// <summary>How many jobs of a person may be queued or running.</summary>
    public int MostJobs => settings.MaxConcurrent;

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
            : $"You have the most jobs in progress that are allowed at once ({settings.MaxConcurrent}). "
                + $"Wait for one to end, look at {text.Code(Commands.Jobs)}, or use {text.Code(Commands.Find(Commands.Cancel)!.Usage)}.";

    /// <summary>The person's jobs that are queued or running.</summary>
    public static int Active(BotData data, string user) => data.Jobs.Count(j => j.UserId == user && !j.Ended && !j.IsWatch);
}
