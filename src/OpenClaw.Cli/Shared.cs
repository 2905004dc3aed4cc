using System.CommandLine;
using System.Runtime.InteropServices;
using OpenClaw.Programs;

namespace OpenClaw.Cli;

/// <summary>What all commands share: two options, and how a run ends.</summary>
internal static class Shared
{
    /// <summary>As shells report a program that Ctrl-C ended.</summary>
    private const int Interrupted = 130;

    public static Option<bool> Json { get; } = new("--json") { Description = "Print the answer as JSON, one line", Recursive = true };

    public static Option<string?> Folder { get; } = new("--folder")
    {
        Description = $"The folder of `openclaw dev` [default: {DevFolder.DefaultPath}]",
        HelpName = "FOLDER",
        Recursive = true,
    };

    /// <summary>Gives the command its action: what goes wrong becomes lines that say what, why and what next, and an exit code.</summary>
    public static Command Does(this Command command, Func<Run, Task<int>> action)
    {
        command.SetAction(async parsed =>
        {
            using var interrupt = new CancellationTokenSource();
            using var sigint = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
            using var sigterm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
            var run = new Run(parsed, new Talk(Console.Error, Console.IsErrorRedirected), interrupt.Token);
            try
            {
                return await action(run).ConfigureAwait(false);
            }
            catch (SettingsException e)
            {
                foreach (var problem in e.Problems) run.Talk.Say($"openclaw: {problem}");
                return ExitCodes.Configuration;
            }
            catch (OperationCanceledException) when (interrupt.IsCancellationRequested)
            {
                run.Talk.Say("openclaw: interrupted");
                return Interrupted;
            }

            void Stop(PosixSignalContext context)
            {
                context.Cancel = true;
                interrupt.Cancel();
            }
        });
        return command;
    }
}

/// <summary>One run of one command.</summary>
/// <param name="Stop">Cancelled by Ctrl-C and SIGTERM.</param>
internal sealed record Run(ParseResult Parsed, Talk Talk, CancellationToken Stop)
{
    public bool AsJson => Parsed.GetValue(Shared.Json);

    public DevFolder Folder => new(Parsed.GetValue(Shared.Folder) ?? DevFolder.DefaultPath);
}
