using OpenClaw.Broker;
using OpenClaw.Broker.Hooks;
using OpenClaw.Broker.Running;
using OpenClaw.Programs;

const string Name = "openclaw-broker";
const string Usage = """
    openclaw-broker: takes jobs, keeps them, and hands them to runners.

    Usage: openclaw-broker [--env FILE]
           openclaw-broker --deliver [--env FILE]
           openclaw-broker TASK [--env FILE]

      --env FILE         read variables that the environment lacks from a file of NAME=value lines
      --deliver          deliver the webhooks of a running broker: a process of its own, with a network (DELIVER_TOKEN, WEBHOOK_SECRET,
                         WEBHOOK_ALLOW; with --check-config behind it: only check these)
      --version          print the version
      --help             print this

    Tasks, which end at once:
      --check-config     check the variables, as a start does
      --health           ask the running broker how it is
      --ping             take a job all the way through the running broker
      --doctor           check the machine, the files and the running broker, and say how to mend what is wrong
      --backup [FILE]    copy the database, also while the broker runs, and prove the copy; without a name into BACKUP_DIR,
                         which keeps seven days and four weeks
      --restore FILE     put a backup in the place of the stopped broker's database, which is kept beside it
      --drill [FILE]     restore a backup, the newest if none is named, into a folder of its own, prove it, and remove it again;
                         a broker that runs goes on
      --to-python FILE   write today's jobs as the Python broker keeps them
      --compact          write the stopped broker's database anew, without its free space

    Needed: BOT_TOKEN, WORKER_TOKEN (or each as NAME_FILE). Often set: BROKER_DB (/var/lib/openclaw-broker/broker.db),
    BROKER_HOST (127.0.0.1; or: tailscale), BROKER_PORT (8000), LEASE_SECONDS (60), ADMIN_TOKEN (opens the dashboard).

    Exit codes: 0 stopped by SIGTERM or SIGINT, or the task is done, 1 the doctor found something, 64 wrong arguments, 69 no
    broker answers, 74 the disk failed, 75 not now, 78 wrong configuration.
    """;

var delivers = args is [DeliverProgram.Argument, ..];
if (delivers) args = args[1..];
var task = delivers ? null : MaintenanceTask.Read(ref args);
var arguments = ServiceArguments.Read(args, Name, Usage);
if (arguments.ExitCode is { } answered) return answered;
try
{
    if (delivers)
    {
        var deliver = DeliverOptions.Read(Settings.FromProcess(arguments.EnvFile));
        return arguments.OnlyChecks ? ServiceArguments.ReportRight() : await DeliverProgram.RunAsync(deliver);
    }
    var options = BrokerOptions.Read(Settings.FromProcess(arguments.EnvFile));
    if (task is not null) return await task.RunAsync(options, arguments.EnvFile);
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
    Console.Error.WriteLine($"{Journal.Prefix(Console.Error, "error")}{Name}: {e.Message}");
    return e.ExitCode;
}
