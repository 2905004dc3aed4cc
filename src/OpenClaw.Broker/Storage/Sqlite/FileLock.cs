using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>A lock on an open file itself, so that it holds whichever of its names it is opened by; it ends with the handle.</summary>
internal static partial class FileLock
{
    private const int SetLock = 37; // F_OFD_SETLK: not dropped when the process closes another handle of the file
    private const short WriteLock = 1;
    private const int Again = 11;
    private const int Denied = 13;

    /// <summary>A byte that no file reaches, far from those that SQLite locks.</summary>
    private const long Where = 1L << 62;

    /// <summary>Takes the lock; false where another handle has it. A file system without such locks counts as free.</summary>
    public static bool TryTake(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux()) return true;
        var region = new Region { Type = WriteLock, Start = Where, Length = 1 };
        return Control((int)file.DangerousGetHandle(), SetLock, ref region) == 0 || Marshal.GetLastPInvokeError() is not (Again or Denied);
    }

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(int descriptor, int command, ref Region region);

    [StructLayout(LayoutKind.Sequential)]
    private struct Region
    {
        public short Type;
        public short Whence;
        public long Start;
        public long Length;
        public int ProcessId;
    }
}
