using System.CommandLine;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Dev;

/// <summary><c>dev</c>: a broker and a runner on this machine, proved by a first job, until Ctrl-C.</summary>
internal static class DevCommand
{
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(1.5);

    private static readonly Option<int> Port = new("--port")
    {
        Description = "The broker's port; if it is taken, the next free one",
        HelpName = "PORT",
        DefaultValueFactory = _ => 8000,
    };

    public static Command Create() => Invocation.Of(new Command("dev", "Run a broker and a runner on this machine until Ctrl-C") { Port }, RunAsync);

    private static async Task<int> RunAsync(Invocation invocation)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new CommandException("`clawctl dev` needs a Unix shell. On Windows run it in WSL; every other command works here.", ExitCodes.Failed);
        }
        var folder = invocation.Folder;
        var kept = File.Exists(folder.BotTokenFile);
        using var claim = folder.Take();
        if (claim is null)
        {
            var where = folder.RunningUrl is { } url ? $", at {url}" : "";
            throw new CommandException(
                $"another `clawctl dev` uses {folder.Path}{where}. Use that one, stop it, or name another folder with --folder.", ExitCodes.Failed);
        }
        var wanted = invocation.Parsed.GetValue(Port);
        var port = Ports.Choose(wanted);
        invocation.Messages.Say($"clawctl dev in {folder.Path} ({(kept ? "tokens and jobs of the last run" : "new tokens, private to you")})");
        if (port != wanted) invocation.Messages.Say($"port {wanted} is taken, using {port}");

        await using var system = new DevSystem(folder, port);
        try
        {
            await system.StartAsync(invocation.Messages, invocation.Stop);
            Console.Out.WriteLine(system.Describe());
            invocation.Messages.Say("All runs until you press Ctrl-C.");
            await system.UntilOneEndsAsync(invocation.Stop);
        }
        catch (OperationCanceledException) when (invocation.Stop.IsCancellationRequested)
        {
            invocation.Messages.Step("stopping");
            await system.StopAsync(StopTime);
            invocation.Messages.StepOver();
            invocation.Messages.Say($"stopped; {folder.Path} keeps tokens and jobs");
            return ExitCodes.Ok;
        }
        catch (DevException e)
        {
            invocation.Messages.Say($"clawctl: {e.Message}");
            await system.StopAsync(StopTime);
            return ExitCodes.Failed;
        }
        return ExitCodes.Failed;
    }
}

/// <summary>Something that <c>dev</c> started does not work; the message says what, with its last words.</summary>
internal sealed class DevException(string message) : Exception(message);
