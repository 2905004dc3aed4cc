using System.CommandLine;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Dev;

/// <summary><c>dev</c>: a broker and a runner on this machine, proved by a first job, until Ctrl-C.</summary>
internal static class DevCommand
{
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(1.5);

    private static readonly Option<int> Port = new("--port") { Description = "The broker's port; if it is taken, the next free one", HelpName = "PORT", DefaultValueFactory = _ => 8000 };

    public static Command Create() => new Command("dev", "Run a broker and a runner on this machine until Ctrl-C") { Port }.Does(RunAsync);

    private static async Task<int> RunAsync(Run run)
    {
        var folder = run.Folder;
        var kept = File.Exists(folder.BotTokenFile);
        using var claim = folder.Take();
        if (claim is null)
        {
            run.Talk.Say($"openclaw: another `openclaw dev` uses {folder.Path}{(folder.RunningUrl is { } url ? $", at {url}" : "")}. Use that one, stop it, or name another folder with --folder.");
            return ExitCodes.Failed;
        }
        var wanted = run.Parsed.GetValue(Port);
        var port = Ports.Choose(wanted);
        run.Talk.Say($"openclaw dev in {folder.Path} ({(kept ? "tokens and jobs of the last run" : "new tokens, private to you")})");
        if (port != wanted) run.Talk.Say($"port {wanted} is taken, using {port}");

        await using var system = new DevSystem(folder, port);
        try
        {
            await system.StartAsync(run.Talk, run.Stop).ConfigureAwait(false);
            Console.Out.WriteLine(system.Describe());
            run.Talk.Say("All runs until you press Ctrl-C.");
            await system.UntilOneEndsAsync(run.Stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (run.Stop.IsCancellationRequested)
        {
            run.Talk.Step("stopping");
            await system.StopAsync(StopTime).ConfigureAwait(false);
            run.Talk.StepOver();
            run.Talk.Say($"stopped; {folder.Path} keeps tokens and jobs");
            return ExitCodes.Ok;
        }
        catch (DevException e)
        {
            run.Talk.Say($"openclaw: {e.Message}");
            await system.StopAsync(StopTime).ConfigureAwait(false);
            return ExitCodes.Failed;
        }
        return ExitCodes.Failed;
    }
}

/// <summary>Something that <c>dev</c> started does not work; the message says what, with its last words.</summary>
internal sealed class DevException(string message) : Exception(message);
