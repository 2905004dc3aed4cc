using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>Which file it is, whatever names it has: its device and its number there.</summary>
internal readonly partial record struct FileIdentity(uint DeviceMajor, uint DeviceMinor, ulong Inode)
{
    private const int CurrentFolder = -100;
    private const int HandleItself = 0x1000;
    private const uint WantInode = 0x100;

    /// <summary>The file at a path, links followed; null where there is none, or where the system has no such numbers.</summary>
    public static FileIdentity? Of(string path) => Read(CurrentFolder, Encoding.UTF8.GetBytes(path + '\0'), 0);

    /// <summary>The open file, which may have lost its name.</summary>
    public static FileIdentity? Of(SafeFileHandle file) => Read((int)file.DangerousGetHandle(), [0], HandleItself);

    private static FileIdentity? Read(int folder, byte[] path, int flags)
    {
        if (!OperatingSystem.IsLinux()) return null;
        var answer = new byte[256]; // struct statx, the same on every processor
        if (Statx(folder, path, flags, WantInode, answer) != 0) return null;
        return new FileIdentity(ReadUInt32(answer, 136), ReadUInt32(answer, 140), BinaryPrimitives.ReadUInt64LittleEndian(answer.AsSpan(32)));
    }

    private static uint ReadUInt32(byte[] answer, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(answer.AsSpan(offset));

    [LibraryImport("libc", EntryPoint = "statx")]
    private static partial int Statx(int folder, byte[] path, int flags, uint mask, byte[] answer);
}
