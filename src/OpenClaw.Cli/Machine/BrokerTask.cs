using System.Diagnostics;
using OpenClaw.Cli.Dev;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Machine;

/// <summary>A task of <c>openclaw-broker</c> on the broker's own machine, which alone knows its file.</summary>
internal static class BrokerTask
{
    /// <summary>Where an installation keeps the broker's variables; the last that is there counts, as for its service.</summary>
    private static readonly string[] EnvFiles = ["/etc/openclaw/broker.env", "/opt/openclaw-broker/broker.env"];

    /// <summary>The file of variables to use: the one that is named, else the installation's, where BROKER_DB does not say which broker is meant.</summary>
    public static string? EnvFile(string? named) =>
        named ?? (Environment.GetEnvironmentVariable(Variables.BrokerDb) is { Length: > 0 } ? null : EnvFiles.FirstOrDefault(File.Exists));

    /// <summary>Runs it with our own input and output.</summary>
    /// <param name="envFile">As <see cref="EnvFile"/> gives it.</param>
    /// <returns>Its exit code.</returns>
    /// <exception cref="SettingsException">The program is not on this machine.</exception>
    public static async Task<int> RunAsync(string? envFile, CancellationToken stop, params string[] task)
    {
        var program = ProgramFiles.Find("OpenClaw.Broker", "openclaw-broker");
        string[] env = envFile is null ? [] : ["--env", envFile];
        using var process = Process.Start(new ProcessStartInfo(program[0], [.. program.Skip(1), .. task, .. env]))!;
        try
        {
            await process.WaitForExitAsync(stop);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
        return process.ExitCode;
    }
}
