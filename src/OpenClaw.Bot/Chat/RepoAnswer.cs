using System.Globalization;
using System.Text.Json;

namespace OpenClaw.Bot.Chat;

/// <summary>What a runner says of a repository, for people.</summary>
/// <param name="Content">What is shown as it is, below the sentence; null where there is nothing.</param>
internal sealed record RepoAnswer(string Sentence, string? Content)
{
    private const int LongestShown = 150;
    private const int ShownHash = 12;

    /// <summary>Null where it is none: then it is shown as it came.</summary>
    /// <param name="command">As the broker calls it.</param>
    public static RepoAnswer? Read(string command, JsonElement answer, IChatText text)
    {
        if (answer.TextOf("error") is { Length: > 0 } error) return new("Error:", error);
        if (!answer.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Object) return null;
        var isCut = answer.TryGetProperty("truncated", out var truncated) && truncated.ValueKind == JsonValueKind.True;
        var repo = Code(answer.TextOf("repo") ?? data.TextOf("repo") ?? "?", text);
        var read = command switch
        {
            "repo_list" => List(data),
            "repo_status" => Status(repo, data, text),
            "repo_last_commit" => Commit(repo, data, text),
            "repo_grep" => data.TextOf("matches") is not { } matches ? null
                : matches.Length == 0 ? new($"Nothing found in {repo}.", null) : new($"Found in {repo}:", matches),
            "repo_readfile" => Lines(repo, data, text),
            _ => null,
        };
        return read is not null && isCut ? read with { Sentence = $"{read.Sentence} (cut: there is more)" } : read;
    }

    private static RepoAnswer? List(JsonElement data)
    {
        if (!data.TryGetProperty("repos", out var repos) || repos.ValueKind != JsonValueKind.Array) return null;
        var lines = repos.EnumerateArray().Select(r => $"{r.TextOf("name")}  {r.TextOf("path")}").ToList();
        return lines.Count == 0 ? new("There are no repositories.", null) : new("Repositories:", string.Join('\n', lines));
    }

    private static RepoAnswer? Status(string repo, JsonElement data, IChatText text)
    {
        if (data.TextOf("branch") is not { } branch) return null;
        var changes = data.TextOf("porcelain") ?? "";
        var isDirty = changes.Length > 0 || (data.TryGetProperty("dirty", out var dirty) && dirty.ValueKind == JsonValueKind.True);
        var sentence = $"{repo} is on {Code(branch, text)}, {(isDirty ? "with changes" : "without changes")}";
        return changes.Length > 0 ? new($"{sentence}:", changes) : new($"{sentence}.", null);
    }

    private static RepoAnswer? Commit(string repo, JsonElement data, IChatText text) => data.TextOf("hash") is not { } hash ? null
        : new($"{repo} is at {text.Code(hash.Length > ShownHash ? hash[..ShownHash] : hash)} by {Code(data.TextOf("author") ?? "?", text)}, "
            + $"{text.Inline(JobMessages.Clip(data.TextOf("date") ?? "?", LongestShown))}:", data.TextOf("subject") ?? "");

    private static RepoAnswer? Lines(string repo, JsonElement data, IChatText text)
    {
        if (data.TextOf("content") is not { } content) return null;
        var where = $"{Code(data.TextOf("path") ?? "?", text)} of {repo}";
        if (content.Length == 0) return new($"{where} has nothing there.", null);
        var end = int.TryParse(data.TextOf("start"), NumberStyles.None, CultureInfo.InvariantCulture, out var start)
            ? start + content.TrimEnd('\n').Count(c => c == '\n') : 0;
        var lines = end == 0 ? "" : end == start ? $", line {start}" : $", lines {start} to {end}";
        return new($"{where}{lines}:", content);
    }

    private static string Code(string words, IChatText text) => text.Code(JobMessages.Clip(words, LongestShown));
}
