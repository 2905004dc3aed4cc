using System.Globalization;
using System.Runtime.Versioning;
using System.Text;
using System.Text.Json;
using OpenClaw.Contracts;
using OpenClaw.Runner.Handlers;

namespace OpenClaw.Runner.Commands;

/// <summary>Runs the program of a command of the file.</summary>
[SupportedOSPlatform("linux")]
internal sealed class CommandHandler(CommandDefinition command, RunnerContext runner, Hidden hidden) : IHandler
{
    /// <summary>From SIGKILL to the end of all that was killed.</summary>
    private static readonly TimeSpan EndTime = TimeSpan.FromSeconds(5);

    private static readonly Dictionary<int, string> SignalNames = new()
    {
        [1] = "SIGHUP", [2] = "SIGINT", [3] = "SIGQUIT", [4] = "SIGILL", [6] = "SIGABRT", [7] = "SIGBUS", [8] = "SIGFPE", [9] = "SIGKILL", [11] = "SIGSEGV",
        [13] = "SIGPIPE", [14] = "SIGALRM", [15] = "SIGTERM", [24] = "SIGXCPU", [25] = "SIGXFSZ", [31] = "SIGSYS",
    };

    public TimeSpan? Limit => command.Timeout;

    public TimeSpan Patience => command.Grace + EndTime;

    public async Task<Outcome> RunAsync(JobContext job)
    {
        try
        {
            var payload = PayloadCheck.Of(command.Schema, job.Payload); // First: nobody is to be asked about what can't run.
            using var folder = new WorkFolder(runner.StateFolder, job.Id, job.Attempt);
            var whole = command.Payload switch { PayloadWay.Argument => job.Payload, PayloadWay.File => folder.PayloadFile, _ => null };
            var arguments = payload.Fill(command.Arguments, whole, command.Payload == PayloadWay.File);
            if (command.RequiresApproval && ApprovalCheck.Refuse(job.Claim, command.Hash) is { } why) return new Held(why);
            if (command.Payload == PayloadWay.File) folder.WritePayload(job.Payload);
            return await RunAsync(job, folder, arguments);
        }
        catch (PayloadException e)
        {
            return new Failed(e.Message, IsRetryable: false);
        }
        catch (SpawnException e)
        {
            return new Failed($"can't start: {e.Message}", !e.IsForGood);
        }
    }

    private async Task<Outcome> RunAsync(JobContext job, WorkFolder folder, List<string> arguments)
    {
        string[] environment = [.. Environment(job)];
        var input = command.Payload == PayloadWay.Stdin ? Encoding.UTF8.GetBytes(job.Payload) : null;
        var start = new ChildStart(command.Program, arguments, environment, command.WorkingFolder ?? folder.Files, input);
        string[] files = command.Payload == PayloadWay.File ? [folder.PayloadFile] : [];
        start = Sandbox.Wrap(command, start, files, hidden, $"openclaw-job-{Path.GetFileName(Path.GetDirectoryName(folder.Files))}");
        var output = new OutputText(job, command.ResultBytes);
        var end = await ChildProcess.RunAsync(start, command.IdleTimeout, command.Grace, output.Add, runner.Clock, job.Stop);
        output.End();
        Tell(job, end);
        job.Stop.ThrowIfCancellationRequested(); // What it said when it was told to end is no result.
        return OutcomeOf(end, output);
    }

    /// <summary>What the program ended with stands behind what it wrote.</summary>
    private static void Tell(JobContext job, ChildEnd end)
    {
        if ((end.ExitCode ?? end.Signal) is not { } number) return;
        var name = end.ExitCode is null ? "signal" : "exit_code";
        using var metadata = JsonDocument.Parse(string.Create(CultureInfo.InvariantCulture, $$"""{"{{name}}":{{number}}}"""));
        job.Output.Chunk(ChunkTypes.Final, null, metadata.RootElement.Clone());
    }

    private Outcome OutcomeOf(ChildEnd end, OutputText output)
    {
        string why;
        if (end.IsIdle)
        {
            why = string.Create(CultureInfo.InvariantCulture, $"ended after {command.IdleTimeout.TotalSeconds} s without output (idle_timeout_seconds)");
        }
        else if (end.ExitCode is { } code)
        {
            if (command.SuccessCodes.Contains(code)) return new Succeeded(output.Result);
            why = string.Create(CultureInfo.InvariantCulture, $"exit code {code}");
        }
        else
        {
            why = end.Signal is not { } signal ? "ended, and nobody knows how" : SignalNames.TryGetValue(signal, out var name)
                ? string.Create(CultureInfo.InvariantCulture, $"ended by signal {signal} ({name})")
                : string.Create(CultureInfo.InvariantCulture, $"ended by signal {signal}");
        }
        return new Failed(output.LastErrors is { Length: > 0 } errors ? $"{why}: {errors}" : why);
    }

    /// <summary>Of a doubled name the last counts: a command may set one of those that all get.</summary>
    private IEnumerable<string> Environment(JobContext job) => Machine.BaseEnvironment().Concat(command.Environment)
        .Append($"OPENCLAW_JOB_ID={job.Id}").Append(string.Create(CultureInfo.InvariantCulture, $"OPENCLAW_ATTEMPT={job.Attempt}"))
        .GroupBy(static pair => pair[..pair.IndexOf('=')], StringComparer.Ordinal).Select(static g => g.Last());
}
