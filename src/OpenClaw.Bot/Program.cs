using System.Runtime.InteropServices;
using OpenClaw.Bot;
using OpenClaw.Contracts;

string? envFile = null;
switch (args)
{
    case []:
        break;
    case ["--env", var path]:
        envFile = path;
        break;
    default:
        await Console.Error.WriteLineAsync("usage: openclaw-bot [--env FILE]");
        return ExitCodes.Usage;
}

using var stop = new CancellationTokenSource();
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
try
{
    return await BotProgram.RunAsync(BotSettings.Read(Settings.FromProcess(envFile)), Console.Error, TimeProvider.System, Random.Shared.NextDouble, stop.Token);
}
catch (SettingsException e)
{
    foreach (var problem in e.Problems) await Console.Error.WriteLineAsync($"openclaw-bot: {problem}");
    return ExitCodes.Configuration;
}

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}
