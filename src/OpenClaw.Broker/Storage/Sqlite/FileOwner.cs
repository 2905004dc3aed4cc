using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>Whose a file is: what root makes beside the broker's file must be the broker's too.</summary>
internal static partial class FileOwner
{
    /// <summary>Gives a file to the owner of another, where this process may.</summary>
    public static void Take(string path, string from)
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root") return;
        var (user, group) = Of(from);
        if (Give(Text(path), user, group) != 0) throw new IOException($"{path} can't be given to the owner of {from} (error {Marshal.GetLastPInvokeError()})");
    }

    [SupportedOSPlatform("linux")]
    private static (uint User, uint Group) Of(string path)
    {
        var answer = new byte[256]; // struct statx, the same on every processor
        if (Statx(-100, Text(path), 0, 0x18, answer) != 0) throw new IOException($"the owner of {path} can't be seen (error {Marshal.GetLastPInvokeError()})");
        return (BitConverter.ToUInt32(answer, 20), BitConverter.ToUInt32(answer, 24));
    }

    private static byte[] Text(string path) => Encoding.UTF8.GetBytes(path + '\0');

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static partial int Statx(int folder, byte[] path, int flags, uint mask, byte[] answer);

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true)]
    private static partial int Give(byte[] path, uint user, uint group);
}
