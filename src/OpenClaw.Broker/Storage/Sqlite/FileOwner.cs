using System.Runtime.InteropServices;
using System.Text;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>Whose a file is: what root makes beside the broker's file must be the broker's too.</summary>
internal static partial class FileOwner
{
    /// <summary>Gives a file to the owner of another, where this process may.</summary>
    /// <exception cref="IOException">It could not be given.</exception>
    public static void Take(string path, string from)
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root") return;
        if (FileStatus.Of(from) is { } owner && Give(Encoding.UTF8.GetBytes(path + '\0'), owner.User, owner.Group) == 0) return;
        throw new IOException($"{path} can't be given to the owner of {from} (error {Marshal.GetLastPInvokeError()})");
    }

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true)]
    private static partial int Give(byte[] path, uint user, uint group);
}
