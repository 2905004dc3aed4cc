using System.Runtime.Versioning;

namespace OpenClaw.Runner.Repositories;

/// <summary>A repository of the list, held by its descriptors.</summary>
[SupportedOSPlatform("linux")]
internal sealed class Repository : IDisposable
{
    private Repository(string path, OpenedPath root, OpenedPath git) => (Path, Root, Git) = (path, root, git);

    /// <summary>Without links.</summary>
    public string Path { get; }

    public OpenedPath Root { get; }

    /// <summary>Its folder <c>.git</c>.</summary>
    public OpenedPath Git { get; }

    /// <exception cref="RepositoryException">The list does not name it, it lies elsewhere, or it is none.</exception>
    public static Repository Open(RepositorySettings settings, string name)
    {
        var list = ListOf(settings);
        return Open(settings, list.Folders.GetValueOrDefault(name) is { } folder ? (name, folder) : throw new RepositoryException("repo not allowlisted"));
    }

    /// <summary>Where each repository of the list is, in its order; what is no repository is left out.</summary>
    /// <exception cref="RepositoryException">The list is broken.</exception>
    public static IEnumerable<(string Name, string Path)> All(RepositorySettings settings)
    {
        foreach (var (name, folder) in ListOf(settings).Folders)
        {
            string path;
            try
            {
                using var repository = Open(settings, (name, folder));
                path = repository.Path;
            }
            catch (RepositoryException)
            {
                continue;
            }
            yield return (name, path);
        }
    }

    /// <summary>What a path within it leads to, links within it included.</summary>
    /// <returns>The path without links, and what is there.</returns>
    /// <exception cref="RepositoryException">It leads elsewhere, or nowhere.</exception>
    public (string Path, OpenedPath Place) Find(string path)
    {
        var asked = RepositoryPath.Split(path);
        if (asked.Length == 0) return ("", Root.Find([])!);
        if (OpenedPath.Resolve($"{Root.Link}/{string.Join('/', asked)}") is not { } resolved) throw NotFound();
        if (OpenedPath.Resolve(Root.Link) is not { } top || !RepositoryPath.IsWithin(resolved, top)) throw new RepositoryException("path outside repo");
        var names = RepositoryPath.Split(resolved[top.Length..].TrimStart('/'));
        // Its own files hold what remotes ask for: passwords, at times.
        if (names.Any(static n => n.Equals(RepositoryPath.GitFolder, StringComparison.OrdinalIgnoreCase))) throw NotFound();
        return (string.Join('/', names), Root.Find(names) ?? throw NotFound());
    }

    public void Dispose()
    {
        Root.Dispose();
        Git.Dispose();
    }

    public static RepositoryException NotFound() => new("not a file or not found");

    private static RepositoryException NotARepository() => new("not a git repo");

    private static RepositoryList ListOf(RepositorySettings settings)
    {
        var list = RepositoryList.Read(settings);
        if (list.Problems.Count == 0) return list;
        throw new RepositoryException("the runner's list of repositories is broken: openclaw-runner --check-config says why");
    }

    private static Repository Open(RepositorySettings settings, (string Name, string Folder) entry)
    {
        using var top = OpenedPath.Open(settings.Base);
        if (top is null || OpenedPath.Resolve(top.Link) is not { } within || OpenedPath.Resolve(entry.Folder) is not { } path) throw NotARepository();
        if (!RepositoryPath.IsWithin(path, within)) throw new RepositoryException("repo path outside RUNNER_REPOS_BASE");
        var root = top.Find(RepositoryPath.Split(path[within.Length..].TrimStart('/')));
        var git = root?.IsFolder == true ? root.Find([RepositoryPath.GitFolder]) : null;
        if (root is not null && git?.IsFolder == true) return new Repository(path, root, git);
        root?.Dispose();
        git?.Dispose();
        throw NotARepository();
    }
}
