using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>Refuses file systems that are somebody else's: their locks and syncs are promises of a server or host that may not be kept.</summary>
internal static partial class NetworkDisk
{
    private const int CurrentFolder = -100;
    private const uint WantMountId = 0x1000;

    /// <summary>As /proc names them. 9p is also how WSL shows Windows' drives.</summary>
    private static readonly HashSet<string> Kinds = new(StringComparer.Ordinal)
    {
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "drvfs", "afs", "ceph", "coda", "lustre", "beegfs", "orangefs", "glusterfs", "davfs",
        "fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.ceph-fuse", "fuse.s3fs", "fuse.rclone", "fuse.gcsfuse", "fuse.juicefs", "fuse.goofys",
        "fuse.davfs", "fuse.curlftpfs", "fuse.smbnetfs", "fuse.gvfsd-fuse",
    };

    /// <exception cref="DatabaseException">The path lies on such a file system.</exception>
    public static void Refuse(string path)
    {
        if (MountOf(path) is not { } mount || !IsNetwork(mount.Kind)) return;
        throw new DatabaseException($"The database's path {path} is on {mount.Point}, which is no disk of this machine ({mount.Kind}): locks and syncs "
            + "can't be trusted there, and acknowledged jobs could be lost. Set BROKER_DB to a path on a local disk"
            + (mount.Kind is "9p" or "drvfs" ? ", in WSL one outside /mnt." : "."));
    }

    public static bool IsNetwork(string kind) => Kinds.Contains(kind);

    /// <summary>The mount that an existing file or folder is on, links followed; null where the system doesn't tell.</summary>
    public static Mount? MountOf(string path)
    {
        const string List = "/proc/self/mountinfo";
        if (!OperatingSystem.IsLinux() || !File.Exists(List)) return null;
        var answer = new byte[256]; // struct statx
        if (Statx(CurrentFolder, Encoding.UTF8.GetBytes(path + '\0'), 0, WantMountId, answer) != 0) return null;
        if ((BinaryPrimitives.ReadUInt32LittleEndian(answer) & WantMountId) == 0) return null; // before Linux 5.8
        return Find(File.ReadAllText(List), BinaryPrimitives.ReadUInt64LittleEndian(answer.AsSpan(144)));
    }

    /// <summary>The mount of that number in a text of /proc/self/mountinfo's form.</summary>
    public static Mount? Find(string mountInfo, ulong id)
    {
        var number = id.ToString(CultureInfo.InvariantCulture) + ' ';
        foreach (var line in mountInfo.Split('\n'))
        {
            // 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw
            if (!line.StartsWith(number, StringComparison.Ordinal) || line.Split(" - ", 2) is not [var mount, var source]) continue;
            if (mount.Split(' ') is [_, _, _, _, var point, ..]) return new Mount(source.Split(' ')[0], point);
        }
        return null;
    }

    /// <param name="Kind">The file system's type.</param>
    /// <param name="Point">Where it is mounted, blanks escaped as <c>\040</c>.</param>
    internal sealed record Mount(string Kind, string Point);

    [LibraryImport("libc", EntryPoint = "statx")]
    private static partial int Statx(int folder, byte[] path, int flags, uint mask, byte[] answer);
}
