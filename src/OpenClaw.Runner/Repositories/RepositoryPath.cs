namespace OpenClaw.Runner.Repositories;

/// <summary>A path within a repository, as somebody asked for it.</summary>
internal static class RepositoryPath
{
    public const string GitFolder = ".git";

    /// <summary>The names on the way down; none for the repository itself.</summary>
    /// <exception cref="RepositoryException">It is absolute, or could lead up.</exception>
    public static string[] Split(string path)
    {
        string[] names = [.. path.Split('/').Where(static n => n is not ("" or "."))];
        if (path.StartsWith('/') || names.Contains("..") || path.Contains('\0')) throw new RepositoryException("path must be relative and not contain ..");
        return names;
    }

    public static bool IsWithin(string path, string folder) => path == folder || path.StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal);
}

/// <summary>What was asked for is refused, or can't be done.</summary>
/// <param name="mayPass">Whether another attempt might do better.</param>
internal sealed class RepositoryException(string why, bool mayPass = false) : Exception(why)
{
    public bool MayPass { get; } = mayPass;
}
