using OpenClaw.Broker;
using OpenClaw.Broker.Running;
using OpenClaw.Programs;

const string Name = "openclaw-broker";
const string Usage = """
    openclaw-broker: takes jobs, keeps them, and hands them to runners.

    Usage: openclaw-broker [--env FILE]

      --env FILE   read variables that the environment lacks from a file of NAME=value lines
      --version    print the version
      --help       print this

    Needed: BOT_TOKEN, WORKER_TOKEN (or each as NAME_FILE). Often set: BROKER_DB (/var/lib/openclaw-broker/broker.db),
    BROKER_HOST (127.0.0.1), BROKER_PORT (8000), LEASE_SECONDS (60), ADMIN_TOKEN (opens the dashboard).

    Exit codes: 0 stopped by SIGTERM or SIGINT, 64 wrong arguments, 74 the disk failed, 75 not now, 78 wrong configuration.
    """;

var arguments = ServiceArguments.Read(args, Name, Usage);
if (arguments.ExitCode is { } answered) return answered;
try
{
    var options = BrokerOptions.Read(Settings.FromProcess(arguments.EnvFile));
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
