using System.CommandLine;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Machine;

/// <summary>Commands for the broker's own machine: <c>backup</c>, <c>restore</c>, <c>drill</c>, <c>check-config</c>, <c>to-python</c>.</summary>
internal static class BrokerCommands
{
    public static readonly Option<string?> Env = new("--env")
    {
        Description = "The broker's file of variables [default: the installation's]",
        HelpName = "FILE",
    };

    public static IEnumerable<Command> Create()
    {
        yield return Of("backup", "Copy the broker's database, also while it runs, and prove the copy", "--backup", ArgumentArity.ZeroOrOne,
            "Where to; without it into the folder of backups, which keeps seven days and four weeks");
        yield return Of("restore", "Put a backup in the place of the stopped broker's database", "--restore", ArgumentArity.ExactlyOne, "The backup");
        yield return Of("drill", "Restore a backup into a folder of its own, also while the broker runs, and prove it", "--drill", ArgumentArity.ZeroOrOne,
            "The backup; without it the newest in the folder of backups");
        yield return Of("to-python", "Write today's jobs as the Python broker keeps them", "--to-python", ArgumentArity.ExactlyOne,
            "A file that is not there yet");
        yield return Of("check-config", "Check the broker's variables, as its start does", "--check-config", ArgumentArity.Zero, "");
    }

    private static Command Of(string name, string description, string task, ArgumentArity arity, string about)
    {
        var file = new Argument<string?>("FILE") { Description = about, Arity = arity };
        var command = new Command(name, description) { Env };
        if (arity.MaximumNumberOfValues > 0) command.Arguments.Add(file);
        return Invocation.Of(command, invocation =>
        {
            string[] operand = arity.MaximumNumberOfValues > 0 && invocation.Parsed.GetValue(file) is { } path ? [path] : [];
            if (operand is [['-', ..]])
            {
                throw new CommandException($"'{operand[0]}' is no file's name. Write ./{operand[0]} if it is one.", ExitCodes.Usage);
            }
            return BrokerTask.RunAsync(BrokerTask.EnvFile(invocation.Parsed.GetValue(Env)), invocation.Stop, [task, .. operand]);
        });
    }
}
