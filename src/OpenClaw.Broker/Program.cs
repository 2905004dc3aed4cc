using System.Globalization;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using OpenClaw.Broker;
using OpenClaw.Broker.Running;
using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Programs;

const string Usage = """
    openclaw-broker: takes jobs, keeps them, and hands them to runners.

    Usage: openclaw-broker [--compact] [--env FILE]

      --env FILE   read variables that the environment lacks from a file of NAME=value lines
      --compact    write the stopped broker's database anew, without its free space, and end
      --version    print the version
      --help       print this

    Needed: BOT_TOKEN, WORKER_TOKEN (or each as NAME_FILE). Often set: BROKER_DB (/var/lib/openclaw-broker/broker.db),
    BROKER_HOST (127.0.0.1), BROKER_PORT (8000), LEASE_SECONDS (60), ADMIN_TOKEN (opens the dashboard).

    Exit codes: 0 stopped by SIGTERM or SIGINT, 64 wrong arguments, 69 not now, 74 the disk failed, 78 wrong configuration.
    """;

var compact = args is ["--compact", ..];
var arguments = ServiceArguments.Read(compact ? args[1..] : args, "openclaw-broker", Usage);
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
    await using var app = BrokerHost.Build(options, TimeProvider.System);
    await app.RunAsync();
    return ExitCodes.Ok;
}
catch (SettingsException e)
{
    return e.Report("openclaw-broker");
}
catch (DatabaseException e)
{
    Console.Error.WriteLine($"openclaw-broker: {e.Message}");
    return ExitCodes.Configuration;
}
catch (IOException e) when (e.InnerException is AddressInUseException)
{
    Console.Error.WriteLine($"openclaw-broker: {e.Message} Stop the program that holds it (ss -ltnp shows which), or set BROKER_PORT to another.");
    return ExitCodes.Configuration;
}
catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressNotAvailable)
{
    Console.Error.WriteLine("openclaw-broker: BROKER_HOST is no address of this machine now. Is the tailnet up (tailscale status)? Start the broker again when it is, or set BROKER_HOST to an address that 'ip address' shows.");
    return ExitCodes.Unavailable;
}
catch (SocketException e)
{
    Console.Error.WriteLine($"openclaw-broker: can't listen on BROKER_HOST and BROKER_PORT ({e.Message}). Ports below 1024 need a right of their own; choose another, such as 8000.");
    return ExitCodes.Configuration;
}
