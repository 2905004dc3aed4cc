using OpenClaw.Broker;
using OpenClaw.Broker.Storage;
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
catch (IOException e) when (e.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
{
    Console.Error.WriteLine($"openclaw-broker: {e.Message} Stop the program that holds it (ss -ltnp shows which), or set BROKER_PORT to another.");
    return ExitCodes.Configuration;
}
