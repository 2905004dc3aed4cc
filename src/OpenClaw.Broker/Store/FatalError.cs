using System.Runtime.InteropServices;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Store;

/// <summary>Ends the process when going on could lose or invent something.</summary>
internal sealed partial class FatalError(TimeProvider clock)
{
    private static readonly TimeSpan MostForTheLine = TimeSpan.FromSeconds(2);
    private int ended;

    /// <summary>Says why, once, and ends the process without waiting for anything: neither a log nor a disk that hangs holds it up.</summary>
    public void End(int exitCode, string message, Exception? cause = null)
    {
        if (Interlocked.Exchange(ref ended, 1) != 0) return;
        const string Level = "fatal";
        var line = LogLine.Format(clock.GetUtcNow(), Level, message, cause);
        var writing = new Thread(() => Console.Error.WriteLine(Journal.Prefix(Console.Error, Level) + line)) { IsBackground = true };
        writing.Start();
        writing.Join(MostForTheLine);
        if (OperatingSystem.IsWindows()) Environment.Exit(exitCode);
        ExitNow(exitCode);
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void ExitNow(int exitCode);
}
