using System.Globalization;
using OpenClaw.Broker;
using OpenClaw.Broker.Running;
using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Programs;

const string Name = "openclaw-broker";
const string Usage = """
    openclaw-broker: takes jobs, keeps them, and hands them to runners.

    Usage: openclaw-broker [--compact] [--env FILE]

      --env FILE   read variables that the environment lacks from a file of NAME=value lines
      --compact    write the stopped broker's database anew, without its free space, and end
      --version    print the version
      --help       print this

    Needed: BOT_TOKEN, WORKER_TOKEN (or each as NAME_FILE). Often set: BROKER_DB (/var/lib/openclaw-broker/broker.db),
    BROKER_HOST (127.0.0.1; or: tailscale), BROKER_PORT (8000), LEASE_SECONDS (60), ADMIN_TOKEN (opens the dashboard).

    Exit codes: 0 stopped by SIGTERM or SIGINT, 64 wrong arguments, 74 the disk failed, 75 not now, 78 wrong configuration.
    """;

var compact = args is ["--compact", ..];
var arguments = ServiceArguments.Read(compact ? args[1..] : args, Name, Usage);
if (arguments.ExitCode is { } answered) return answered;
try
{
    var options = BrokerOptions.Read(Settings.FromProcess(arguments.EnvFile));
    if (compact)
    {
        var (before, after) = Compaction.Run(options.DatabasePath);
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{options.DatabasePath} had {before} bytes and has {after}."));
        return ExitCodes.Ok;
    }
    await using var app = await BrokerHost.BuildAsync(options, TimeProvider.System);
    StopLimit.Guard(app, TimeProvider.System);
    await app.RunAsync();
    return ExitCodes.Ok;
}
catch (SettingsException e)
{
    return e.Report(Name);
}
catch (StartException e)
{
    Console.Error.WriteLine($"{Name}: {e.Message}");
    return e.ExitCode;
}
