using System.CommandLine;
using OpenClaw.Cli;
using OpenClaw.Cli.Access;
using OpenClaw.Cli.Dev;
using OpenClaw.Cli.Jobs;
using OpenClaw.Cli.Machine;
using OpenClaw.Cli.Schedules;
using OpenClaw.Programs;

var root = new RootCommand("""
    clawctl: send jobs to an OpenClaw broker and see what became of them.

    Where the broker is: BROKER_URL and BOT_TOKEN (or BOT_TOKEN_FILE); where BOT_TOKEN is not set, the broker that
    `clawctl dev` runs. `token`, `enrol` and `audit` take ADMIN_TOKEN (or ADMIN_TOKEN_FILE). Answers go to stdout,
    everything else to stderr. NO_COLOR switches colours off.

    Exit codes: 0 done, 1 failed, 2 the job was cancelled, 64 wrong arguments, 66 no such job, 69 the broker can't be
    reached, 77 the broker refused the token, 78 wrong configuration, 130 interrupted.
    """);
root.Options.Add(CommonOptions.Json);
root.Options.Add(CommonOptions.Folder);
root.Subcommands.Add(DevCommand.Create());
root.Subcommands.Add(SubmitCommand.Create());
root.Subcommands.Add(RunCommand.Create());
root.Subcommands.Add(RunCommand.CreateLogs());
root.Subcommands.Add(StatusCommand.Create());
root.Subcommands.Add(StatusCommand.CreateWatch());
root.Subcommands.Add(JobsCommand.Create());
root.Subcommands.Add(CancelCommand.Create());
root.Subcommands.Add(DeadCommand.Create());
root.Subcommands.Add(RetryCommand.Create());
foreach (var command in ChangeCommands.Create()) root.Subcommands.Add(command);
foreach (var command in ApprovalsCommand.Create()) root.Subcommands.Add(command);
root.Subcommands.Add(DeleteCommand.Create());
root.Subcommands.Add(ExportCommand.Create());
root.Subcommands.Add(QueuesCommand.Create());
root.Subcommands.Add(SchedulesCommand.Create());
foreach (var command in WorkersCommand.Create()) root.Subcommands.Add(command);
root.Subcommands.Add(HealthCommand.Create());
root.Subcommands.Add(TokenCommand.Create());
root.Subcommands.Add(EnrolCommand.Create());
root.Subcommands.Add(AuditCommand.Create());
root.Subcommands.Add(KeysCommand.Create());
root.Subcommands.Add(DoctorCommand.Create());
root.Subcommands.Add(CompletionCommand.Create());
foreach (var command in BrokerCommands.Create()) root.Subcommands.Add(command);

// A payload may start with @: it is never a file of arguments.
var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
if (parsed.Errors.Count > 0)
{
    foreach (var error in parsed.Errors) Console.Error.WriteLine($"clawctl: {error.Message}");
    Console.Error.WriteLine("clawctl: `clawctl --help` shows the commands, `clawctl COMMAND --help` what one takes.");
    return ExitCodes.Usage;
}
return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
