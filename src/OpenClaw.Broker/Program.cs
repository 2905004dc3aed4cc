using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using OpenClaw.Broker;
using OpenClaw.Broker.Running;
using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Contracts;

if (args is ["--version"])
{
    Console.WriteLine($"openclaw-broker {typeof(BrokerHost).Assembly.GetName().Version!.ToString(3)}");
    return ExitCodes.Ok;
}
if (args is not ([] or ["--env", _]))
{
    Console.Error.WriteLine("usage: openclaw-broker [--env FILE] | --version. Everything else is configured by environment variables; see the README's table.");
    return ExitCodes.Usage;
}
try
{
    var options = BrokerOptions.Read(Settings.FromProcess(args is ["--env", var file] ? file : null));
    await using var app = BrokerHost.Build(options, TimeProvider.System);
    await app.RunAsync();
    return ExitCodes.Ok;
}
catch (SettingsException e)
{
    foreach (var problem in e.Problems) Console.Error.WriteLine($"openclaw-broker: {problem}");
    return ExitCodes.Configuration;
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
