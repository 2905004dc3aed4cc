using System.CommandLine;
using OpenClaw.Cli.Access;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Jobs;

/// <summary><c>submit</c>: makes a job, and with <c>--wait</c> stays for its result.</summary>
internal static class SubmitCommand
{
    private static readonly Argument<string?> Command = new("COMMAND")
    {
        Description = "What to do, such as ping",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<string?> From = new("--from")
    {
        Description = "A job for each line of this file (- for stdin): its payload, or without COMMAND the job as JSON",
        HelpName = "FILE",
    };

    private static readonly Option<bool> Wait = new("--wait") { Description = "Wait for the job's end and print its result" };
    private static readonly Option<string?> Key = new("--idempotency-key")
    {
        Description = "The same key with the same job makes no second job",
        HelpName = "KEY",
    };

    private static readonly Option<string[]> After = new("--after")
    {
        Description = "Once this job is done, with :cancel, :run or :hold for where it fails; may be given several times",
        HelpName = "JOB",
    };

    private static readonly Option<string?> SignWith = new("--sign")
    {
        Description = "Sign it with this key, for runners with JOB_KEYS; good for a day",
        HelpName = "NAME",
    };

    public static Command Create()
    {
        var submit = new Command("submit", "Send a job; prints its id, or with --wait its result") { Command, JobOptions.Payload, Wait };
        foreach (var option in JobOptions.All) submit.Add(option);
        submit.Add(From);
        submit.Add(After);
        submit.Add(Key);
        submit.Add(SignWith);
        return Invocation.Of(submit, RunAsync);
    }

    private static async Task<int> RunAsync(Invocation invocation)
    {
        var (parsed, stop) = (invocation.Parsed, invocation.Stop);
        if (parsed.GetValue(From) is { } file) return await RunManyAsync(file, invocation);
        var command = parsed.GetValue(Command)
            ?? throw new CommandException("no command is named. Say what to do, such as `clawctl submit ping hello`, or name a file with --from.",
                ExitCodes.Usage);
        var broker = invocation.Connect().Broker;
        var payload = await JobOptions.TextAsync(parsed.GetValue(JobOptions.Payload)!, stop);
        var job = JobOptions.Read(parsed, command, payload) with { DependsOn = await ParentsAsync(broker, invocation) };
        var key = ReadKey(parsed) ?? Guid.NewGuid().ToString("N");
        if (parsed.GetValue(SignWith) is { } signer)
        {
            using var signing = KeysCommand.Read(signer);
            job = JobSignature.Sign(job, signing, signer, TimeProvider.System.GetUtcNow().AddDays(1).ToUnixTimeSeconds());
        }
        var created = await Repeat.UntilAnsweredAsync(() => broker.CreateAsync(job, key, stop), invocation);
        if (!parsed.GetValue(Wait))
        {
            Console.Out.WriteLine(invocation.AsJson ? JobText.Json(created, WireJson.Default.CreatedJob) : created.Id);
            return ExitCodes.Ok;
        }
        try
        {
            return Print(await new JobWatch(broker, invocation.Messages, TimeProvider.System).UntilEndedAsync(created.Id, stop), invocation);
        }
        catch (BrokerException)
        {
            invocation.Messages.Say($"clawctl: the job is accepted; `clawctl watch {created.Id}` asks for its end again.");
            throw;
        }
    }

    private static async Task<int> RunManyAsync(string file, Invocation invocation)
    {
        var parsed = invocation.Parsed;
        if (parsed.GetValue(Wait) || parsed.GetValue(SignWith) is not null || parsed.GetValue(After) is { Length: > 0 }
            || parsed.GetValue(JobOptions.Payload) is { Length: > 0 })
        {
            throw new CommandException("--from takes each line for a job. Give it without a payload, --wait, --after and --sign, or send that job alone.",
                ExitCodes.Usage);
        }
        return await new SubmitMany(invocation.Connect().Broker, invocation, parsed.GetValue(Command)).RunAsync(file, ReadKey(parsed) ?? "");
    }

    private static string? ReadKey(ParseResult parsed) => parsed.GetValue(Key) is not { } key || HeaderText.CanCarry(key) ? parsed.GetValue(Key)
        : throw new CommandException("--idempotency-key has a character that no HTTP header can carry. It takes visible ASCII characters.", ExitCodes.Usage);

    private static async Task<IReadOnlyList<ParentView>?> ParentsAsync(BrokerClient broker, Invocation invocation)
    {
        if (invocation.Parsed.GetValue(After) is not { Length: > 0 } named) return null;
        var parents = new List<ParentView>();
        foreach (var name in named)
        {
            var (job, policy) = name.Split(':') is [var first, var second] ? (first, second) : (name, "fail");
            parents.Add(new ParentView(await JobReference.ResolveAsync(job, broker, invocation.Messages, invocation.Stop), policy));
        }
        return parents;
    }

    /// <summary>The result goes to stdout as it is; an error to stderr.</summary>
    private static int Print(JobView job, Invocation invocation)
    {
        if (invocation.AsJson) Console.Out.WriteLine(JobText.Json(job, WireJson.Default.JobView));
        else if (job.Result is { } result) Console.Out.WriteLine(Console.IsOutputRedirected ? result : VisibleText.Of(result, lines: true));
        else invocation.Messages.Say($"clawctl: job {job.Id} {JobText.State(job)}: {job.Error ?? "no error given"}");
        return JobText.ExitCode(job);
    }
}
