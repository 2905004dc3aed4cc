namespace OpenClaw.Bot.Chat;

/// <summary>
/// What people call their jobs. Ids begin with the time, so jobs of some minutes begin alike; their ends are random, and the last
/// characters of one are a word that can be said and typed.
/// </summary>
internal static class JobNames
{
    /// <summary>As in the lists of the command line.</summary>
    private const int Shortest = 6;

    /// <summary>The end of the job's id, as long as it takes for no other job of this person to be meant by it.</summary>
    public static string Of(BotData data, string user, string id)
    {
        var others = Known(data, user).Where(other => other != id).ToList();
        var bare = Bare(id);
        var length = Math.Min(Shortest, bare.Length);
        while (length < bare.Length && others.Exists(other => Fits(other, bare[^length..]))) length++;
        return bare[^length..];
    }

    /// <summary>The jobs a person may mean, newest first: by an end, a beginning or all of an id of theirs, or any whole id that is nobody else's.</summary>
    public static IReadOnlyList<string> Find(BotData data, string user, string text)
    {
        var wanted = text.Trim('`', '<', '>', ' ').ToLowerInvariant();
        if (wanted.Length == 0) return [];
        var own = Known(data, user);
        if (own.Contains(wanted)) return [wanted];
        var bare = Bare(wanted);
        var fitting = own.Where(id => bare.Length > 0 && Fits(id, bare)).ToList();
        if (fitting.Count > 0 || !Guid.TryParseExact(wanted, "D", out _)) return fitting;
        return data.Jobs.Any(j => j.UserId != user && j.JobId == wanted && !j.IsWatch) ? [] : [wanted];
    }

    /// <summary>Jobs to choose from, newest first, whose id or command holds what was typed.</summary>
    public static IReadOnlyList<Suggestion> Suggest(BotData data, string user, string typed, bool activeOnly)
    {
        var part = typed.Trim();
        return
        [
            .. data.Jobs.Where(j => j.UserId == user && j.JobId is not null && !j.IsWatch && !(activeOnly && j.Ended))
                .OrderByDescending(j => j.AskedAt)
                .Where(j => j.JobId!.Contains(part, StringComparison.OrdinalIgnoreCase) || j.Command.StartsWith(part, StringComparison.OrdinalIgnoreCase))
                .Select(j => new Suggestion($"{Of(data, user, j.JobId!)} {j.Command}, {j.Status}", j.JobId!)),
        ];
    }

    private static bool Fits(string id, string part) =>
        Bare(id).EndsWith(part, StringComparison.Ordinal) || Bare(id).StartsWith(part, StringComparison.Ordinal);

    /// <summary>Nobody says hyphens.</summary>
    private static string Bare(string id) => id.Replace("-", "", StringComparison.Ordinal);

    private static List<string> Known(BotData data, string user) =>
        [.. data.Jobs.Where(j => j.UserId == user && j.JobId is not null).OrderByDescending(j => j.AskedAt).Select(j => j.JobId!).Distinct()];
}

/// <summary>A job as messages name it.</summary>
internal sealed record NamedJob(string Id, string Name, string Command)
{
    public static NamedJob Of(BotData data, TrackedJob job) => new(job.JobId!, JobNames.Of(data, job.UserId, job.JobId!), job.Command);
}
