using Microsoft.Win32.SafeHandles;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>Which file it is, whatever names it has: its device and its number there.</summary>
internal readonly record struct FileIdentity((uint Major, uint Minor) Device, ulong Inode)
{
    /// <summary>The file at a path, links followed; null where there is none, or where the system has no such numbers.</summary>
    public static FileIdentity? Of(string path) => Of(FileStatus.Of(path));

    /// <summary>The open file, which may have lost its name.</summary>
    public static FileIdentity? Of(SafeFileHandle file) => Of(FileStatus.Of(file));

    private static FileIdentity? Of(FileStatus? status) => status is null ? null : new FileIdentity(status.Device, status.Inode);
}
