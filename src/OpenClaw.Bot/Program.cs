using System.Runtime.InteropServices;
using OpenClaw.Bot;
using OpenClaw.Programs;

const string Usage = """
    openclaw-bot: takes commands in Discord and shows what became of them.

    Usage: openclaw-bot [--check-config] [--env FILE]

      --env FILE      read variables that the environment lacks from a file of NAME=value lines
      --check-config  read the variables, as a start does, and end
      --version       print the version
      --help          print this

    Needed: DISCORD_TOKEN, BOT_TOKEN (or each as NAME_FILE), ALLOWED_USER_ID or ALLOWLIST_USER_ID. Often set: BROKER_URL
    (http://127.0.0.1:8000), ALLOWED_CHANNEL_ID, BOT_STATE_DIR, BOT_COOLDOWN_SECONDS (3), BOT_MAX_CONCURRENT (1),
    TIME_ZONE (UTC).

    Exit codes: 0 stopped by SIGTERM or SIGINT, 64 wrong arguments, 70 a bug, 74 the state folder can no longer be written,
    78 wrong configuration or refused by Discord.
    """;

var arguments = ServiceArguments.Read(args, "openclaw-bot", Usage);
if (arguments.ExitCode is { } answered) return answered;

using var stop = new CancellationTokenSource();
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
try
{
    var settings = BotSettings.Read(Settings.FromProcess(arguments.EnvFile));
    if (arguments.OnlyChecks) return ServiceArguments.ReportRight();
    using var pings = ServiceManager.OfProcess.PingAlways(TimeProvider.System);
    using var stopping = stop.Token.Register(ServiceManager.OfProcess.Stopping);
    ServiceManager.OfProcess.Ready($"asks {settings.Broker}");
    return await BotProgram.RunAsync(settings, Console.Error, TimeProvider.System, Random.Shared.NextDouble, stop.Token);
}
catch (SettingsException e)
{
    return e.Report("openclaw-bot");
}

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}
