namespace OpenClaw.Bot.Chat;

/// <summary>Which job a person means: a whole id, or the beginning of one of their own.</summary>
internal static class JobIds
{
    private const int Named = 5;

    public static (string? Id, string? Refusal) Resolve(BotData data, string user, string text)
    {
        var wanted = text.Trim('`', '<', '>', ' ').ToLowerInvariant();
        var own = data.Jobs.Where(j => j.UserId == user && j.JobId is not null).Select(j => j.JobId!).Distinct().ToList();
        if (own.Contains(wanted)) return (wanted, null);
        var matches = wanted.Length == 0 ? [] : own.Where(id => id.StartsWith(wanted, StringComparison.Ordinal)).ToList();
        if (matches.Count == 1) return (matches[0], null);
        if (matches.Count > 1) return (null, $"{Markdown.Code(wanted)} is the beginning of {matches.Count} of your jobs: {string.Join(", ", matches.Take(Named).Select(Markdown.Code))}. Give more of it.");
        var isOthers = data.Jobs.Any(j => j.UserId != user && j.JobId == wanted && !j.IsWatch);
        return Guid.TryParseExact(wanted, "D", out _) && !isOthers ? (wanted, null) : (null, $"No job of yours has an id beginning with {Markdown.Code(Clip(wanted))}.");
    }

    /// <summary>Jobs to choose from, newest first, that hold what was typed.</summary>
    public static IReadOnlyList<Suggestion> Suggest(BotData data, string user, string typed, bool activeOnly) =>
    [
        .. data.Jobs.Where(j => j.UserId == user && j.JobId is not null && !j.IsWatch && !(activeOnly && j.Ended))
            .OrderByDescending(j => j.AskedAt)
            .Where(j => j.JobId!.Contains(typed.Trim(), StringComparison.OrdinalIgnoreCase) || j.Command.StartsWith(typed.Trim(), StringComparison.OrdinalIgnoreCase))
            .Take(25)
            .Select(j => new Suggestion($"{j.Command} {j.JobId} ({j.Status})", j.JobId!)),
    ];

    private static string Clip(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
