using System.Globalization;
using System.Runtime.Versioning;
using System.Text;
using System.Text.Json;

namespace OpenClaw.Runner.Repositories;

/// <summary>All repository commands but the search.</summary>
[SupportedOSPlatform("linux")]
internal static class RepositoryReads
{
    /// <summary>So many lines of a file where the payload names no end.</summary>
    private const int DefaultLines = 200;

    private static RepositoryJson Json => RepositoryJson.Readable;

    public static Task<RepositoryFound> ListAsync(RepositoryCall call)
    {
        var data = new ListData([.. Repository.All(call.Settings).Select(static r => new ListedRepository(r.Name, r.Path))]);
        return Task.FromResult(new RepositoryFound(JsonSerializer.SerializeToElement(data, Json.ListData)));
    }

    public static async Task<RepositoryFound> StatusAsync(RepositoryCall call)
    {
        using var repository = call.Open();
        var view = await GitView.MakeAsync(repository, call.Tool, call.Folder, withIndex: true);
        // A submodule has a configuration of its own, which git would read where it looked into it.
        var status = await view.RunAsync("status", "--porcelain=v1", "--untracked-files=normal", "--ignore-submodules=all");
        if (status.ExitCode != 0 && !status.IsCut) throw new RepositoryException("git status failed");
        var porcelain = WholeLines(status).TrimEnd();
        var data = new StatusData(call.Payload.Repo, call.Shown(view.Branch), porcelain.Length > 0, call.Shown(porcelain));
        return new RepositoryFound(JsonSerializer.SerializeToElement(data, Json.StatusData), status.IsCut);
    }

    public static async Task<RepositoryFound> LastCommitAsync(RepositoryCall call)
    {
        using var repository = call.Open();
        var view = await GitView.MakeAsync(repository, call.Tool, call.Folder, withIndex: false);
        var log = await view.RunAsync("log", "-1", "--no-show-signature", "--no-ext-diff", "--no-textconv", "--no-mailmap", "--no-notes", "--no-decorate",
            "--no-color", "--date=default", "--format=%H%n%an%n%ad%n%s");
        if (log.ExitCode != 0 && !log.IsCut)
        {
            throw new RepositoryException(log.Errors.Contains("does not have any commits yet", StringComparison.Ordinal) ? "no commits yet" : "git log failed");
        }
        string[] lines = [.. log.Output.TrimEnd('\n').Split('\n', 4), "", "", ""];
        var data = new CommitData(lines[0], call.Shown(lines[1]), lines[2], call.Shown(lines[3]));
        return new RepositoryFound(JsonSerializer.SerializeToElement(data, Json.CommitData), log.IsCut);
    }

    public static Task<RepositoryFound> ReadFileAsync(RepositoryCall call)
    {
        _ = call.Payload.Repo;
        var path = call.Payload.Text("path") is { Length: > 0 } asked ? asked : throw new RepositoryException("path required");
        _ = RepositoryPath.Split(path);
        using var repository = call.Open();
        var start = call.Payload.Number("start", 1);
        var end = call.Payload.Number("end", start > int.MaxValue - DefaultLines ? int.MaxValue : start + DefaultLines - 1);
        if (start < 1) throw new RepositoryException("start must be >= 1");
        if (end < start) throw new RepositoryException("end must be >= start");
        if (end - start >= call.Settings.Lines) throw Exceeds("line range", RunnerVariables.MaxLines, call.Settings.Lines);
        var (_, file) = repository.Find(path);
        using (file)
        {
            if (!file.IsFile) throw Repository.NotFound();
            if (file.Size > call.Settings.FileBytes) throw Exceeds("file", RunnerVariables.MaxFileBytes, call.Settings.FileBytes);
            var content = file.ReadAll(call.Settings.FileBytes) ?? throw Repository.NotFound();
            // The whole of it, since a secret may begin before the lines that are asked for.
            var lines = Lines(call.Shown(Encoding.UTF8.GetString(content)));
            var first = Math.Max(1, Math.Min(start, lines.Count));
            var last = Math.Max(first, Math.Min(end, lines.Count));
            var data = new FileData(path, first, last, string.Concat(lines.Skip(first - 1).Take(last - first + 1)));
            return Task.FromResult(new RepositoryFound(JsonSerializer.SerializeToElement(data, Json.FileData)));
        }
    }

    /// <summary>What was written, without a last line that was cut.</summary>
    public static string WholeLines(ToolEnd end) => end.IsCut && end.Output.LastIndexOf('\n') is > 0 and var last ? end.Output[..(last + 1)] : end.Output;

    /// <summary>Each with its line end.</summary>
    private static List<string> Lines(string text)
    {
        var lines = new List<string>();
        for (var at = 0; at < text.Length;)
        {
            var end = text.IndexOf('\n', at) is >= 0 and var found ? found + 1 : text.Length;
            lines.Add(text[at..end]);
            at = end;
        }
        return lines;
    }

    private static RepositoryException Exceeds(string what, string limit, int value) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{what} exceeds {limit} ({value})"));
}
