namespace OpenClaw.Testing;

/// <summary>Who may read a file or enter a folder.</summary>
public static class FileModes
{
    /// <summary>Whether nobody but the owner may do anything with it.</summary>
    public static bool IsPrivate(string path)
    {
        const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        return OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & ~Owner) == 0;
    }
}
