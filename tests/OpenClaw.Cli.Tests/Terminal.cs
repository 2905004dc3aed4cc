using System.Diagnostics;
using System.Text;
using OpenClaw.Testing;

namespace OpenClaw.Cli.Tests;

/// <summary>
/// A run of the command line at a pseudo-terminal of its own, which <c>script</c> makes: what it shows is read as it comes, also without a line's end,
/// and what is typed arrives as from a keyboard.
/// </summary>
internal sealed class Terminal : IAsyncDisposable
{
    public const string CtrlC = "\u0003";

    private readonly Process process;
    private readonly Lock gate = new();
    private readonly StringBuilder shown = new();
    private readonly Task reading;

    private Terminal(Process process)
    {
        this.process = process;
        process.Start();
        reading = ReadAsync();
    }

    /// <summary>All that it has shown so far, with what the terminal echoed of what was typed.</summary>
    public string Shown
    {
        get
        {
            lock (gate) return shown.ToString();
        }
    }

    public static Terminal Start(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        // Where the tests were started in the background of a shell, a signal that is ignored there would be ignored here, too.
        string[] words = ["env", "--default-signal=HUP,INT,QUIT", "dotnet", Clawctl.Program, .. arguments];
        var line = $"stty rows 24 cols 200; exec {string.Join(' ', words.Select(Quote))}";
        var start = new ProcessStartInfo("script", ["--quiet", "--return", "--command", line, "/dev/null"])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        start.Environment["TERM"] = "xterm";
        return new Terminal(new Process { StartInfo = start });
    }

    /// <summary>Waits until it has shown a text.</summary>
    /// <exception cref="TimeoutException">It never did; the message has what it showed.</exception>
    public async Task ShowsAsync(string text)
    {
        using var patience = new CancellationTokenSource(Broken.After);
        while (!Shown.Contains(text, StringComparison.Ordinal))
        {
            if (reading.IsCompleted || patience.IsCancellationRequested) throw new TimeoutException($"'{text}' is not in:\n{Shown}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }

    public async Task TypeAsync(string keys)
    {
        await process.StandardInput.WriteAsync(keys);
        await process.StandardInput.FlushAsync();
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> EndsAsync()
    {
        using var patience = new CancellationTokenSource(Broken.After);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"it has not ended; it shows:\n{Shown}");
        }
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }

    private async Task ReadAsync()
    {
        var buffer = new char[4096];
        while (await process.StandardOutput.ReadAsync(buffer) is > 0 and var count)
        {
            lock (gate) shown.Append(buffer, 0, count);
        }
    }

    private static string Quote(string word) => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
