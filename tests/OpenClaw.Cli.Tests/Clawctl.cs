using System.Diagnostics;
using OpenClaw.Testing;

namespace OpenClaw.Cli.Tests;

/// <summary>One run of the command line.</summary>
internal sealed record Clawctl(int ExitCode, string Out, string Messages)
{
    public static string Program { get; } = Repository.Program("OpenClaw.Cli", "clawctl");

    /// <summary>Runs a command to its end. Variables named here are all of ours that it sees.</summary>
    public static async Task<Clawctl> RunAsync(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Program, .. arguments]);
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        foreach (var name in (string[])["BROKER_URL", "BOT_TOKEN", "BOT_TOKEN_FILE", "CREDENTIALS_DIRECTORY", "XDG_STATE_HOME"]) start.Environment.Remove(name);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        if (environment.TryGetValue("STDIN", out var input)) await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var messages = process.StandardError.ReadToEndAsync();
        using var deadline = new CancellationTokenSource(Broken.After);
        await process.WaitForExitAsync(deadline.Token);
        return new Clawctl(process.ExitCode, await output, await messages);
    }
}
