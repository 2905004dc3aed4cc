using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Broker.Tests;

/// <summary>A database on a network file system is refused: its locks and syncs can't be trusted.</summary>
public sealed class NetworkDiskTests
{
    private const string MountInfo = """
        22 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
        23 22 0:6 / /dev rw,relatime shared:2 - devtmpfs devtmpfs rw,size=12334416k
        36 22 0:41 / /srv/jobs rw,relatime shared:20 master:1 - nfs4 nas:/export/jobs rw,vers=4.2
        361 22 0:42 / /mnt/backup - with\040dash rw - cifs //nas/backup rw
        37 22 0:43 / /mnt/c rw,noatime - 9p C:\134 rw,dirsync,aname=drvfs;path=C:\;uid=1000
        38 22 0:44 / /home/me/remote rw,nosuid,nodev - fuse.sshfs me@nas:/ rw,user_id=1000
        39 22 0:45 / /var/lib rw - overlay overlay rw,lowerdir=/nfs/a
        40 broken
        """;

    [Theory]
    [InlineData(36, "nfs4", "/srv/jobs")]
    [InlineData(37, "9p", "/mnt/c")]
    [InlineData(38, "fuse.sshfs", "/home/me/remote")]
    public void NetworkMountIsFoundByItsNumber(ulong id, string kind, string point)
    {
        Assert.Equal(new NetworkDisk.Mount(kind, point), NetworkDisk.Find(MountInfo, id));
        Assert.True(NetworkDisk.IsNetwork(kind));
    }

    [Theory]
    [InlineData(22, "ext4")]
    [InlineData(39, "overlay")]
    public void LocalMountIsNone(ulong id, string kind)
    {
        Assert.Equal(kind, NetworkDisk.Find(MountInfo, id)?.Kind);
        Assert.False(NetworkDisk.IsNetwork(kind));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(40)]
    [InlineData(99)]
    public void UnknownMountIsNotGuessedAt(ulong id) => Assert.Null(NetworkDisk.Find(MountInfo, id));

    /// <summary>By the mounts that this machine has: /proc is one everywhere.</summary>
    [Fact]
    public void MountOfAPathIsTheSystemsOwn()
    {
        if (!OperatingSystem.IsLinux()) return;
        Assert.Equal(("proc", "/proc"), NetworkDisk.MountOf("/proc/self/status") is { } mount ? (mount.Kind, mount.Point) : default);
        Assert.Null(NetworkDisk.MountOf("/proc/no such file"));
    }

    /// <summary>The real program, told by a list of mounts of its own that all of them are another machine's.</summary>
    [Fact]
    public async Task DatabaseOnSuchAMountIsRefusedAtTheStart()
    {
        using var folder = new TempFolder();
        var (database, list) = (folder.File("broker.db"), folder.File("mountinfo"));
        var environment = new Dictionary<string, string>
        {
            [Variables.BrokerDb] = database,
            [Variables.BotToken] = BrokerProcess.BotToken,
            [Variables.WorkerToken] = BrokerProcess.WorkerToken,
        };
        await using var program = ProgramProcess.Start("unshare", environment, "--mount", "--map-root-user", "sh", "-c",
            $"sed 's/ - [^ ]* / - nfs4 /' /proc/$$/mountinfo > '{list}' && mount --bind '{list}' /proc/$$/mountinfo && exec \"$@\"", "sh",
            "dotnet", Repository.Broker);
        Assert.Equal(ExitCodes.Configuration, await program.WaitForExitAsync());
        Assert.Contains("(nfs4)", program.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(database));
    }
}
