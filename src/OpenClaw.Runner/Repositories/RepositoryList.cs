using System.Text.Json;
using OpenClaw.Runner.Commands;

namespace OpenClaw.Runner.Repositories;

/// <summary>The file that names the repositories: <c>{"NAME": "FOLDER"}</c>, each folder absolute or from the base, and inside of that.</summary>
internal sealed record RepositoryList(IReadOnlyDictionary<string, string> Folders, IReadOnlyList<string> Problems)
{
    private const int MostBytes = 1 << 20, LongestName = 200;

    /// <summary>The repositories by name, and all that is wrong with the file; with problems, the repositories are of no use.</summary>
    public static RepositoryList Read(RepositorySettings settings)
    {
        try
        {
            if (new FileInfo(settings.ListFile).Length > MostBytes) return Broken($"{settings.ListFile} has more than a MiB. Make it smaller.");
            return Parse(File.ReadAllBytes(settings.ListFile), settings);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Broken($"{settings.ListFile} can't be read ({e.Message}). Make it readable for this user, or take it away.");
        }
    }

    private static RepositoryList Parse(byte[] json, RepositorySettings settings)
    {
        var start = json.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0;
        try
        {
            var lines = JsonLines.Of(json.AsSpan(start));
            var problems = new FileProblems(settings.ListFile, lines);
            foreach (var (path, line) in lines.Doubled) problems.Add(line, $"{path} stands there twice. Delete one of them.");
            var options = new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };
            using var document = JsonDocument.Parse(json.AsMemory(start), options);
            var folders = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var (name, node) in new FileNode(document.RootElement, "", problems).Members())
            {
                if (Folder(name, node, settings.Base) is { } folder) folders[name] = folder;
            }
            return new RepositoryList(folders, problems.All);
        }
        catch (JsonException e)
        {
            var reason = e.Message.Split(" LineNumber:")[0].TrimEnd('.');
            return Broken($"{settings.ListFile}, line {(e.LineNumber ?? 0) + 1}: is no JSON ({reason}). " + """Write {"NAME": "FOLDER"}.""");
        }
        catch (InvalidOperationException e)
        {
            return Broken($"{settings.ListFile} holds a text that is none ({e.Message}). Write it without halves of characters.");
        }
    }

    private static string? Folder(string name, FileNode node, string within)
    {
        if (string.IsNullOrWhiteSpace(name) || name.Length > LongestName || name.Any(char.IsControl))
        {
            node.Refuse($"has a name that no repository can have. Give it up to {LongestName} characters that can be seen.");
        }
        if (node.Text()?.Trim() is not { } text) return null;
        if (text.Length == 0 || text.Contains('\0'))
        {
            node.Refuse("names no folder. Set it to a path from the base, or to an absolute one inside of it.");
            return null;
        }
        var folder = Path.GetFullPath(text, within);
        if (!IsInside(folder, within)) node.Refuse($"lies outside of {within}. Move it there, or set {RunnerVariables.ReposBase} to a folder above it.");
        return folder;
    }

    private static bool IsInside(string folder, string within) => RepositoryPath.IsWithin(folder, within)
        || OperatingSystem.IsLinux() && OpenedPath.Resolve(folder) is { } real && OpenedPath.Resolve(within) is { } top && RepositoryPath.IsWithin(real, top);

    private static RepositoryList Broken(string problem) => new(new Dictionary<string, string>(), [problem]);
}
