using System.CommandLine;
using System.Runtime.InteropServices;
using OpenClaw.Client;
using OpenClaw.Programs;

namespace OpenClaw.Cli;

/// <summary>One run of one command.</summary>
/// <param name="stop">Cancelled by Ctrl-C and SIGTERM.</param>
internal sealed class Invocation(ParseResult parsed, Messages messages, CancellationToken stop) : IDisposable
{
    private Connection? connection;

    public ParseResult Parsed => parsed;

    public Messages Messages => messages;

    public CancellationToken Stop => stop;

    public bool AsJson => parsed.GetValue(CommonOptions.Json);

    public DevFolder Folder => new(parsed.GetValue(CommonOptions.Folder) ?? DevFolder.DefaultPath);

    /// <summary>The broker that the environment, the file or the dev folder names.</summary>
    /// <exception cref="SettingsException">There is no token, or something is wrong.</exception>
    public Connection Connect(bool needsToken = true, string? envFile = null) => connection = Connection.Open(Folder, needsToken, envFile: envFile);

    /// <summary>The same with an admin's token.</summary>
    /// <exception cref="SettingsException">There is no token, or something is wrong.</exception>
    public Connection ConnectAsAdmin() => connection = Connection.Open(Folder, asAdmin: true);

    /// <summary>Says what a failed call means, and gives its exit code.</summary>
    public int Say(BrokerException e, string? job = null)
    {
        var (line, code) = connection!.Explain(e);
        messages.Say(job is null ? $"clawctl: {line}" : $"clawctl: {job}: {line}");
        return code;
    }

    /// <summary>Gives the command its action: what goes wrong becomes a line that says what, why and what next, and an exit code.</summary>
    public static Command Of(Command command, Func<Invocation, Task<int>> action)
    {
        command.SetAction(async parsed =>
        {
            using var interrupt = new CancellationTokenSource();
            using var sigint = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
            using var sigterm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
            using var invocation = new Invocation(parsed, new Messages(Console.Error, Console.IsErrorRedirected), interrupt.Token);
            return await invocation.RunAsync(action);

            void Stop(PosixSignalContext context)
            {
                context.Cancel = !interrupt.IsCancellationRequested; // a second one ends what the first did not
                interrupt.Cancel();
            }
        });
        return command;
    }

    public void Dispose() => connection?.Dispose();

    private async Task<int> RunAsync(Func<Invocation, Task<int>> action)
    {
        try
        {
            return await action(this);
        }
        catch (SettingsException e)
        {
            foreach (var problem in e.Problems) messages.Say($"clawctl: {problem}");
            return ExitCodes.Configuration;
        }
        catch (CommandException e)
        {
            messages.Say($"clawctl: {e.Message}");
            return e.ExitCode;
        }
        catch (BrokerException e) when (connection is not null)
        {
            return Say(e);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            messages.Say("clawctl: interrupted");
            return ExitCodes.Interrupted;
        }
    }
}

/// <summary>A command can't do what was asked; the message says what, why and what next.</summary>
internal sealed class CommandException(string message, int exitCode) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
