using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace OpenClaw.Testing;

/// <summary>A real process of one of our programs, with an environment of its own.</summary>
public sealed partial class ProgramProcess : IAsyncDisposable
{
    private const int SigTerm = 15;
    private readonly ConcurrentQueue<string> lines = new();
    private readonly ConcurrentDictionary<Action<string>, byte> watchers = new();

    /// <summary>Waited for once: a second wait on the same process may never be told of its end.</summary>
    private readonly Task ended;

    private ProgramProcess(Process process)
    {
        Process = process;
        process.OutputDataReceived += OnLine;
        process.ErrorDataReceived += OnLine;
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        ended = process.WaitForExitAsync();
    }

    public Process Process { get; }

    /// <summary>Everything it has written so far, standard output and error together.</summary>
    public string Output => string.Join('\n', lines);

    /// <summary>Starts a program of this repository's build.</summary>
    /// <param name="environment">Its variables; of this process's own only what .NET and the shell need is kept.</param>
    public static ProgramProcess Start(string program, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var start = !program.EndsWith(".dll", StringComparison.Ordinal) ? new ProcessStartInfo(program, arguments)
            // A signal that is ignored where the tests were started, in the background of a shell, would be ignored by what they start, too.
            : OperatingSystem.IsLinux() ? new ProcessStartInfo("env", ["--default-signal=HUP,INT,QUIT", "dotnet", program, .. arguments])
            : new ProcessStartInfo("dotnet", [program, .. arguments]);
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        var kept = start.Environment
            .Where(v => v.Key is "PATH" or "HOME" or "LANG" or "TMPDIR" || v.Key.StartsWith("DOTNET_", StringComparison.Ordinal)
                || v.Key.StartsWith("NUGET_", StringComparison.Ordinal))
            .ToList();
        start.Environment.Clear();
        foreach (var (name, value) in kept) start.Environment[name] = value;
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return new ProgramProcess(new Process { StartInfo = start });
    }

    /// <summary>Waits for an output line that holds the text.</summary>
    /// <exception cref="TimeoutException">It did not come in time; the message has the output.</exception>
    /// <exception cref="InvalidOperationException">The process has ended without it.</exception>
    public async Task<string> WaitForLineAsync(string text, TimeSpan? timeout = null)
    {
        var found = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Look(string line)
        {
            if (line.Contains(text, StringComparison.Ordinal)) found.TrySetResult(line);
        }

        watchers[Look] = 0;
        try
        {
            foreach (var line in lines) Look(line);
            if (await Task.WhenAny(found.Task, ended).WaitAsync(timeout ?? Broken.After) == ended && !found.Task.IsCompleted)
            {
                throw new InvalidOperationException($"the process ended without a line with '{text}':\n{Output}");
            }
            return await found.Task;
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"no line with '{text}' in:\n{Output}");
        }
        finally
        {
            watchers.TryRemove(Look, out _);
        }
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        Process.Kill();
        await ended;
    }

    /// <summary>SIGTERM, and its exit code.</summary>
    public async Task<int> StopAsync(TimeSpan? timeout = null)
    {
        Signal(SigTerm);
        return await WaitForExitAsync(timeout);
    }

    public void Signal(int signal) => _ = Kill(Process.Id, signal);

    public async Task<int> WaitForExitAsync(TimeSpan? timeout = null)
    {
        try
        {
            await ended.WaitAsync(timeout ?? Broken.After);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException(string.Create(CultureInfo.InvariantCulture, $"process {Process.Id} still runs:\n{Output}"));
        }
        return Process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!Process.HasExited) await KillAsync();
        Process.Dispose();
    }

    private void OnLine(object sender, DataReceivedEventArgs e)
    {
        if (e.Data is not { } line) return;
        lines.Enqueue(line);
        foreach (var watcher in watchers.Keys) watcher(line);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int processId, int signal);
}
