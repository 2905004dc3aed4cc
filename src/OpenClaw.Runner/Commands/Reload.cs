using System.Runtime.InteropServices;
using OpenClaw.Programs;
using OpenClaw.Runner.Handlers;

namespace OpenClaw.Runner.Commands;

/// <summary>Reads the file of commands at the start, and again at each SIGHUP; a broken one changes nothing then, and the log says why.</summary>
internal sealed class Reload : IDisposable
{
    private readonly ServedCommands served;
    private readonly RunnerContext runner;
    private readonly Func<RunnerSettings> read;
    private readonly RunnerLog log;
    private readonly PosixSignalRegistration? signal;
    private readonly Lock gate = new();

    /// <param name="first">What was read at the start.</param>
    /// <param name="read">Reads it all again.</param>
    public Reload(ServedCommands served, RunnerContext runner, RunnerSettings first, Func<RunnerSettings> read, RunnerLog log)
    {
        (this.served, this.runner, this.read, this.log) = (served, runner, read, log);
        WorkFolder.DeleteAll(runner.StateFolder);
        if (first.CommandFile is null || !OperatingSystem.IsLinux()) return; // SIGHUP keeps its meaning: the terminal is gone.
        Serve(first);
        signal = PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal);
    }

    public void Dispose() => signal?.Dispose();

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (OperatingSystem.IsLinux()) Again();
    }

    [System.Runtime.Versioning.SupportedOSPlatform("linux")]
    private void Again()
    {
        lock (gate)
        {
            try
            {
                Serve(read());
            }
            catch (SettingsException e)
            {
                foreach (var problem in e.Problems) log.CommandsRefused(problem);
            }
        }
    }

    [System.Runtime.Versioning.SupportedOSPlatform("linux")]
    private void Serve(RunnerSettings settings)
    {
        var hidden = new Hidden(runner.StateFolder, settings.SecretFiles);
        served.Replace(settings.Commands.ToDictionary(
            static c => c.Name, c => new OwnCommand(new CommandHandler(c, runner, hidden), c.Told), StringComparer.Ordinal));
        log.CommandsLoaded(settings.Commands.Count, settings.CommandFile ?? "");
    }
}
