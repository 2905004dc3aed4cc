using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>What Linux knows of a file beside its content, by statx(2): the one answer that is laid out the same on every processor.</summary>
internal sealed partial class FileStatus
{
    private const int CurrentFolder = -100;
    private const int HandleItself = 0x1000;
    private const uint All = 0x7ff;
    private readonly byte[] answer = new byte[256];

    private FileStatus()
    {
    }

    /// <summary>Of the file at a path, links followed; null where there is none, or where the system has no such call.</summary>
    public static FileStatus? Of(string path) => Read(CurrentFolder, Encoding.UTF8.GetBytes(path + '\0'), 0);

    /// <summary>Of the open file, which may have lost its name.</summary>
    public static FileStatus? Of(SafeFileHandle file) => Read((int)file.DangerousGetHandle(), [0], HandleItself);

    public uint User => BitConverter.ToUInt32(answer, 20);

    public uint Group => BitConverter.ToUInt32(answer, 24);

    public ulong Inode => BitConverter.ToUInt64(answer, 32);

    public (uint Major, uint Minor) Device => (BitConverter.ToUInt32(answer, 136), BitConverter.ToUInt32(answer, 140));

    private static FileStatus? Read(int folder, byte[] path, int flags)
    {
        var status = new FileStatus();
        return OperatingSystem.IsLinux() && Statx(folder, path, flags, All, status.answer) == 0 ? status : null;
    }

    [LibraryImport("libc", EntryPoint = "statx")]
    private static partial int Statx(int folder, byte[] path, int flags, uint mask, byte[] answer);
}
