using System.Globalization;
using System.Runtime.Versioning;
using System.Text;
using System.Text.Json;

namespace OpenClaw.Runner.Repositories;

/// <summary>
/// Searches files with rg, or with git where there is none. Both walk the folder that they are started in and follow no link; what was
/// asked for never stands where an option or a path could stand. Git's own list of files is not used: by it git reads what lies behind
/// a folder that has become a link.
/// </summary>
[SupportedOSPlatform("linux")]
internal static class RepositorySearch
{
    private const int LongestQuery = 4096, MostFile = 16 << 20;

    /// <summary>The name of the copy of a single file that is searched.</summary>
    private const string Copy = "text";

    public static async Task<RepositoryFound> GrepAsync(RepositoryCall call)
    {
        _ = call.Payload.Repo;
        var query = call.Payload.Text("query") is { Length: > 0 } asked ? asked : throw new RepositoryException("query required");
        if (query.AsSpan().ContainsAny('\n', '\r', '\0')) throw new RepositoryException("query must be one line of text");
        if (query.Length > LongestQuery) throw new RepositoryException($"query must have {LongestQuery} characters at most");
        using var repository = call.Open();
        var (path, place) = repository.Find(call.Payload.Text("path"));
        using (place)
        {
            var within = place.IsFolder ? place.Link : CopyOf(place, Directory.CreateDirectory(Path.Combine(call.Folder, "searched")).FullName);
            var end = await RunAsync(call, query, within, isCopy: !place.IsFolder);
            if (end.ExitCode is not (0 or 1) && !end.IsCut && !(end.ExitCode == 2 && end.Errors.Length == 0)) // 2 without a word: a file was not readable.
            {
                throw new RepositoryException(end.Errors.Trim() is { Length: > 0 } why ? why : "search failed");
            }
            var data = new GrepData(call.Shown(Matches(RepositoryReads.WholeLines(end), path, isCopy: !place.IsFolder)));
            return new RepositoryFound(JsonSerializer.SerializeToElement(data, RepositoryJson.Readable.GrepData), end.IsCut);
        }
    }

    private static Task<ToolEnd> RunAsync(RepositoryCall call, string query, string within, bool isCopy)
    {
        if (call.Settings.Ripgrep is { } ripgrep)
        {
            string[] arguments =
            [
                "--no-config", "--no-messages", "--no-follow", "--no-mmap", "--no-pre", "--no-search-zip", "--no-ignore-global", "--color=never",
                .. (string[])(isCopy ? ["--no-ignore"] : []), "--with-filename", "-n", "--no-heading", "--smart-case", "-e", query, "--", ".",
            ];
            return call.Tool.RunAsync(ripgrep, arguments, [], within);
        }
        string[] anyCase = query.Any(char.IsUpper) ? [] : ["-i"];
        return GitView.RunAloneAsync(call.Tool, Directory.CreateDirectory(Path.Combine(call.Folder, "view")).FullName, within,
            ["grep", "--no-index", isCopy ? "--no-exclude-standard" : "--exclude-standard", "--no-textconv", "--no-recurse-submodules", "--no-color",
                "-n", "-I", "-E", .. anyCase, "-e", query, "--", "."]);
    }

    /// <summary>Copies one file into an empty folder.</summary>
    private static string CopyOf(OpenedPath file, string folder)
    {
        if (!file.IsFile) throw Repository.NotFound();
        if (file.Size > MostFile) throw new RepositoryException(string.Create(CultureInfo.InvariantCulture, $"file exceeds {MostFile} bytes"));
        File.WriteAllBytes(Path.Combine(folder, Copy), file.ReadAll(MostFile) ?? throw Repository.NotFound());
        return folder;
    }

    /// <summary>The lines, each with its path from the repository.</summary>
    private static string Matches(string output, string path, bool isCopy)
    {
        var matches = new StringBuilder(output.Length);
        foreach (var line in output.TrimEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var rest = line.StartsWith("./", StringComparison.Ordinal) ? line[2..] : line;
            if (isCopy && rest.StartsWith(Copy, StringComparison.Ordinal)) rest = path + rest[Copy.Length..];
            else if (path.Length > 0) rest = $"{path}/{rest}";
            matches.Append(matches.Length > 0 ? "\n" : "").Append(rest);
        }
        return matches.ToString();
    }
}
