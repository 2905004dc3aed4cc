using System.Diagnostics;
using System.Globalization;

namespace OpenClaw.Testing.Disk;

/// <summary>A folder whose disk hangs, is slow, fails or is watched, for the programs that are started with its environment: <c>disk.c</c>.</summary>
public sealed class FaultyDisk : IDisposable
{
    /// <summary>EIO.</summary>
    public const int IoError = 5;

    /// <summary>ENOSPC.</summary>
    public const int NoSpace = 28;

    private readonly TempFolder files = new();
    private readonly TempFolder control = new();

    private FaultyDisk() => Environment = new Dictionary<string, string>
    {
        ["LD_PRELOAD"] = control.File("disk.so"), ["DISK_FOLDER"] = files.Path, ["DISK_CONTROL"] = control.Path,
    };

    /// <summary>To be given to the program.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; }

    public string Folder => files.Path;

    public string Database => files.File("broker.db");

    /// <summary>Where all that reaches the disk is written down.</summary>
    public string Log => control.File("log");

    /// <summary>How long the log is now: all that reached the disk before this moment is in that much of it.</summary>
    public long LogLength => new FileInfo(Log).Length;

    /// <summary>The file on which the call failed that was to; null where none has yet.</summary>
    public string? FailedOn => File.Exists(control.File("failed")) ? File.ReadAllText(control.File("failed")) : null;

    /// <summary>Why this machine can't have one; null where it can.</summary>
    public static string? Missing() => !OperatingSystem.IsLinux() ? "disks are made to fail on Linux alone"
        : (System.Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(static f => File.Exists(Path.Combine(f, "gcc"))) ? null
        : "gcc is not in PATH; install it: apt-get install gcc libc6-dev";

    /// <param name="keepsLog">Whether <see cref="Log"/> is written.</param>
    public static async Task<FaultyDisk> CreateAsync(bool keepsLog = false)
    {
        var disk = new FaultyDisk();
        using var compiler = Process.Start("gcc", ["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o", disk.control.File("disk.so"),
            Path.Combine(Repository.Root, "tests", "OpenClaw.Testing", "Disk", "disk.c"), "-ldl", "-lpthread"]);
        await compiler.WaitForExitAsync();
        if (compiler.ExitCode != 0) throw new InvalidOperationException("disk.c is not compiled");
        if (keepsLog) await File.WriteAllTextAsync(disk.Log, "");
        return disk;
    }

    /// <summary>From now on no call on the folder's files returns.</summary>
    public void Hang() => File.WriteAllText(control.File("hang"), "");

    /// <summary>From now on each sync takes half a second, until this is disposed.</summary>
    public IDisposable Slow() => new Held(control.File("slow"));

    /// <summary>Lets one of the next calls fail, once.</summary>
    /// <param name="call"><c>w</c>: a write; <c>s</c>: a sync.</param>
    /// <param name="after">How many of them still succeed.</param>
    public void FailOne(char call, int error, int after)
    {
        File.Delete(control.File("failed"));
        var order = control.File("order");
        File.WriteAllText(order, string.Create(CultureInfo.InvariantCulture, $"{call} {error} {after + 1}"));
        File.Move(order, control.File("fault"));
    }

    public void Dispose()
    {
        files.Dispose();
        control.Dispose();
    }

    private sealed class Held : IDisposable
    {
        private readonly string path;

        public Held(string path)
        {
            this.path = path;
            File.WriteAllText(path, "");
        }

        public void Dispose() => File.Delete(path);
    }
}
