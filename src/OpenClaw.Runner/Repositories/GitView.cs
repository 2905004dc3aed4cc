using System.Globalization;
using System.IO.Enumeration;
using System.Runtime.Versioning;
using System.Text;

namespace OpenClaw.Runner.Repositories;

/// <summary>
/// What git is shown of a repository. A repository's own configuration can name programs that git would run (watchers, filters, hooks,
/// pagers, and what the next version of git adds), and other files to be read. So git never gets to see it: it works with a folder of
/// this job's own, which has copies of the few files that say what is checked out, and a configuration of ours. Of the repository's
/// <c>.git</c> it reads the objects alone.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class GitView
{
    private const int MostHead = 4096, MostConfiguration = 1 << 20, MostList = 64 << 20, MostIndex = 128 << 20, MostSharedIndexes = 4;

    /// <summary>What of the repository's own configuration says how its files are to be compared, with all values that are let through.</summary>
    private static readonly Dictionary<string, string[]> Known = new(StringComparer.Ordinal)
    {
        ["core.filemode"] = ["true", "false"],
        ["core.ignorecase"] = ["true", "false"],
        ["core.symlinks"] = ["true", "false"],
        ["core.autocrlf"] = ["true", "false", "input"],
        ["core.eol"] = ["lf", "crlf", "native"],
        ["core.precomposeunicode"] = ["true", "false"],
        ["extensions.objectformat"] = ["sha1", "sha256"],
    };

    private readonly Repository repository;
    private readonly Tool tool;
    private readonly string folder;

    private GitView(Repository repository, Tool tool, string folder) => (this.repository, this.tool, this.folder) = (repository, tool, folder);

    /// <summary>As git names it; <c>HEAD</c> where none is checked out.</summary>
    public string Branch { get; private set; } = "HEAD";

    /// <param name="folder">An empty one, for the view.</param>
    /// <param name="withIndex">Whether git is to look at the files that are checked out.</param>
    /// <exception cref="RepositoryException">It is no repository, or not one of this kind.</exception>
    public static async Task<GitView> MakeAsync(Repository repository, Tool tool, string folder, bool withIndex)
    {
        var view = new GitView(repository, tool, folder);
        view.CheckObjects();
        view.CopyHead();
        view.Copy("packed-refs", MostList);
        view.Copy("shallow", MostList);
        if (withIndex)
        {
            view.Copy("info/exclude", MostConfiguration);
            view.Copy("index", MostIndex);
            foreach (var name in view.SharedIndexes()) view.Copy(name, MostIndex);
        }
        await view.WriteConfigurationAsync();
        return view;
    }

    /// <summary>Runs git in the repository.</summary>
    public Task<ToolEnd> RunAsync(params string[] arguments) => tool.RunAsync(
        tool.Settings.Git, [.. Arguments, .. arguments], [$"GIT_DIR={folder}", "GIT_WORK_TREE=.", "GIT_OBJECT_DIRECTORY=.git/objects"], repository.Root.Link);

    /// <summary>Runs git in another folder, of which it knows nothing but its files.</summary>
    /// <param name="folder">An empty one, for a view of no repository.</param>
    public static Task<ToolEnd> RunAloneAsync(Tool tool, string folder, string within, params string[] arguments)
    {
        foreach (var name in (string[])["refs", "objects"]) Directory.CreateDirectory(Path.Combine(folder, name));
        File.WriteAllText(Path.Combine(folder, "HEAD"), "ref: refs/heads/none\n");
        File.WriteAllText(Path.Combine(folder, "config"), Configuration([]));
        return tool.RunAsync(tool.Settings.Git, [.. Arguments, .. arguments], [$"GIT_DIR={folder}", "GIT_WORK_TREE=."], within);
    }

    /// <summary>What the view makes needless, said once more.</summary>
    private static string[] Arguments =>
    [
        "--no-pager", "--literal-pathspecs", "--no-replace-objects", "--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null",
        "-c", "core.pager=cat", "-c", "diff.external=", "-c", "protocol.allow=never", "-c", "log.showSignature=false", "-c", "submodule.recurse=false",
    ];

    private static string Configuration(IReadOnlyCollection<(string Name, string Value)> known)
    {
        var version = known.Any(static k => k.Name.StartsWith("extensions.", StringComparison.Ordinal)) ? 1 : 0;
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"[core]\n\trepositoryformatversion = {version}\n\tbare = false\n"));
        foreach (var (name, value) in known) text.Append(CultureInfo.InvariantCulture, $"[{name.Replace(".", "]\n\t", StringComparison.Ordinal)} = {value}\n");
        return text.ToString();
    }

    /// <summary>Objects that lie elsewhere are another repository's, which nobody has named.</summary>
    private void CheckObjects()
    {
        using var objects = repository.Git.Find(["objects"]);
        if (objects?.IsFolder != true) throw NotARepository();
        foreach (var name in (string[])["alternates", "http-alternates"])
        {
            using var elsewhere = objects.Find(["info", name]);
            if (elsewhere is not null) throw NotARepository();
        }
        var all = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0, IgnoreInaccessible = true };
        var links = new FileSystemEnumerable<bool>(objects.Link + "/", static (ref FileSystemEntry entry) => true, all)
        {
            ShouldIncludePredicate = static (ref FileSystemEntry entry) => IsLink(ref entry),
            ShouldRecursePredicate = static (ref FileSystemEntry entry) => !IsLink(ref entry),
        };
        if (links.Any()) throw NotARepository();

        static bool IsLink(ref FileSystemEntry entry) => entry.Attributes.HasFlag(FileAttributes.ReparsePoint);
    }

    private void CopyHead()
    {
        Directory.CreateDirectory(Path.Combine(folder, "refs"));
        var head = Line("HEAD");
        if (head.StartsWith("ref: ", StringComparison.Ordinal) && head[5..].Trim() is var name && IsReference(name))
        {
            Branch = name.StartsWith("refs/heads/", StringComparison.Ordinal) ? name["refs/heads/".Length..] : name;
            if (Line(name) is var commit && IsHash(commit)) Write(name, commit);
            Write("HEAD", $"ref: {name}");
        }
        else
        {
            Write("HEAD", IsHash(head) ? head : throw NotARepository());
        }
    }

    /// <summary>The parts of an index that is split.</summary>
    private List<string> SharedIndexes() =>
        [.. Directory.EnumerateFiles(repository.Git.Link + "/", "sharedindex.*").Select(static f => Path.GetFileName(f)).Take(MostSharedIndexes)];

    private async Task WriteConfigurationAsync()
    {
        using var file = repository.Git.Find(["config"]);
        var known = new List<(string, string)>();
        if (file?.ReadAll(MostConfiguration) is { Length: > 0 } text)
        {
            // Read as text alone: what it includes is not looked for. One that is broken says nothing.
            string[] arguments = ["config", "--file", "-", "--no-includes", "-z", "--get-regexp", $"^({string.Join('|', Known.Keys)})$"];
            var read = await tool.RunAsync(tool.Settings.Git, arguments, [$"GIT_DIR={folder}"], folder, text);
            foreach (var entry in read.ExitCode == 0 && !read.IsCut ? read.Output.Split('\0', StringSplitOptions.RemoveEmptyEntries) : [])
            {
                var (name, value) = entry.Split('\n', 2) is [var n, var v] ? (n, v.ToLowerInvariant()) : (entry, "true");
                if (Known.GetValueOrDefault(name)?.Contains(value) == true) known.Add((name, value));
            }
        }
        Write("config", Configuration(known).TrimEnd('\n'));
    }

    /// <summary>The text of a file of one line; empty where there is none.</summary>
    private string Line(string path)
    {
        using var file = repository.Git.Find(path.Split('/'));
        return Encoding.UTF8.GetString(file?.ReadAll(MostHead) ?? []).TrimEnd();
    }

    private void Write(string path, string line)
    {
        var file = Path.Combine(folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, line + "\n");
    }

    private void Copy(string path, int most)
    {
        using var file = repository.Git.Find(path.Split('/'));
        if (file is null) return;
        if (!file.IsFile || file.Size > most) throw NotARepository();
        var to = Path.Combine(folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        using var from = file.Read();
        using (var copy = File.Create(to)) from.CopyTo(copy);
        // Git takes a file that is newer than the index for one that may have changed since.
        File.SetLastWriteTimeUtc(to, File.GetLastWriteTimeUtc(from.SafeFileHandle));
    }

    /// <summary>Whether a text is a reference's whole name, and as a path leads down from where it is put.</summary>
    private static bool IsReference(string name) => name.Length < 1000 && name.StartsWith("refs/", StringComparison.Ordinal)
        && name.Split('/').All(static part => part.Length > 0 && part[0] != '.' && !part.EndsWith(".lock", StringComparison.Ordinal))
        && !name.Contains("..", StringComparison.Ordinal) && !name.Any(static c => c <= ' ' || c == '\u007f' || "~^:?*[\\".Contains(c));

    private static bool IsHash(string text) => text.Length is 40 or 64 && text.All(char.IsAsciiHexDigitLower);

    private static RepositoryException NotARepository() => new("not a git repo");
}
