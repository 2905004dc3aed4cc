using System.Diagnostics;
using System.Runtime.Versioning;

namespace OpenClaw.Cli.Dev;

/// <summary>
/// A program that runs as long as we do. Between us and it stands a shell that reads a pipe whose other end only we hold:
/// when the pipe closes, because we close it or because we are gone, kill -9 included, the shell stops the program.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal sealed class Child : IAsyncDisposable
{
    private const int KeptLines = 20;

    /// <summary>
    /// Runs "$@" in the background without our pipe, and beside it a guard that reads the pipe. Its end makes the guard send
    /// SIGTERM and, 1.2 s later, SIGKILL; the program's own end makes the shell end the guard and pass on the exit code. Ctrl-C in
    /// a terminal goes to all its processes: the shell ignores it, and so does what it starts in the background.
    /// </summary>
    private const string Guard = """
        trap '' INT
        exec 3<&0                      # 3 is the pipe, which the background would lose
        "$@" </dev/null 3<&- &
        child=$!
        (
          cat <&3                      # returns when the pipe closes
          kill -TERM $child
          for tenth in 1 2 3 4 5 6 7 8 9 10 11 12; do kill -0 $child || exit; sleep 0.1; done
          kill -KILL $child
        ) >/dev/null 2>&1 &
        guard=$!
        exec 3<&-
        wait $child
        code=$?
        kill $guard 2>/dev/null
        exit $code
        """;

    private readonly Process process;
    private readonly StreamWriter logFile;
    private readonly Queue<string> lastLines = new();
    private readonly Lock gate = new();

    private Child(string name, Process process, StreamWriter logFile) => (Name, this.process, this.logFile) = (name, process, logFile);

    public string Name { get; }

    /// <summary>Ends when the program does.</summary>
    public Task Exited { get; private set; } = Task.CompletedTask;

    public int ExitCode => process.ExitCode;

    /// <summary>The last lines the program wrote.</summary>
    public IReadOnlyList<string> LastLines
    {
        get
        {
            lock (gate) return [.. lastLines];
        }
    }

    /// <param name="environment">Added to our own; null takes a variable away.</param>
    public static Child Start(string name, IReadOnlyList<string> program, IReadOnlyDictionary<string, string?> environment, string logPath)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", Guard, "clawctl-dev", .. program])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (variable, value) in environment)
        {
            if (value is null) start.Environment.Remove(variable);
            else start.Environment[variable] = value;
        }
        var logOptions = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.Read };
        if (!OperatingSystem.IsWindows()) logOptions.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var logFile = new StreamWriter(logPath, logOptions) { AutoFlush = true };
        var child = new Child(name, new Process { StartInfo = start }, logFile);
        child.process.OutputDataReceived += child.OnLine;
        child.process.ErrorDataReceived += child.OnLine;
        child.process.Start();
        child.process.BeginOutputReadLine();
        child.process.BeginErrorReadLine();
        child.Exited = child.process.WaitForExitAsync();
        return child;
    }

    /// <summary>SIGTERM by way of the shell, and after the grace the end of them all.</summary>
    public async Task StopAsync(TimeSpan grace)
    {
        process.StandardInput.Close();
        try
        {
            await Exited.WaitAsync(grace);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            await Exited;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) await StopAsync(TimeSpan.Zero);
        process.Dispose();
        await logFile.DisposeAsync();
    }

    private void OnLine(object sender, DataReceivedEventArgs e)
    {
        if (e.Data is not { } line) return;
        lock (gate)
        {
            logFile.WriteLine(line);
            lastLines.Enqueue(line);
            if (lastLines.Count > KeptLines) lastLines.Dequeue();
        }
    }
}
