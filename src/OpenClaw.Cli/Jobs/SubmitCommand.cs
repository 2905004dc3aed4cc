using System.CommandLine;
using OpenClaw.Cli.Access;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Jobs;

/// <summary><c>submit</c>: makes a job, and with <c>--wait</c> stays for its result.</summary>
internal static class SubmitCommand
{
    private const int Tries = 5;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

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
        var submit = new Command("submit", "Send a job; prints its id, or with --wait its result") { JobOptions.Command, JobOptions.Payload, Wait };
        foreach (var option in JobOptions.All) submit.Add(option);
        submit.Add(After);
        submit.Add(Key);
        submit.Add(SignWith);
        return Invocation.Of(submit, RunAsync);
    }

    private static async Task<int> RunAsync(Invocation invocation)
    {
        var (parsed, stop) = (invocation.Parsed, invocation.Stop);
        var broker = invocation.Connect().Broker;
        var payload = await JobOptions.TextAsync(parsed.GetValue(JobOptions.Payload)!, stop);
        var job = JobOptions.Read(parsed, parsed.GetValue(JobOptions.Command)!, payload) with { DependsOn = await ParentsAsync(broker, invocation) };
        var key = parsed.GetValue(Key) ?? Guid.NewGuid().ToString("N");
        if (!HeaderText.CanCarry(key))
        {
            throw new CommandException("--idempotency-key has a character that no HTTP header can carry. It takes visible ASCII characters.", ExitCodes.Usage);
        }
        if (parsed.GetValue(SignWith) is { } signer)
        {
            using var signing = KeysCommand.Read(signer);
            job = JobSignature.Sign(job, signing, signer, TimeProvider.System.GetUtcNow().AddDays(1).ToUnixTimeSeconds());
        }
        var created = await CreateAsync(broker, job, key, invocation);
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

    /// <summary>Creates the job. An answer that was lost is asked for again: the key keeps that from making a second job.</summary>
    private static async Task<CreatedJob> CreateAsync(BrokerClient broker, CreateJob job, string key, Invocation invocation)
    {
        var wasLost = false;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await broker.CreateAsync(job, key, invocation.Stop);
            }
            catch (BrokerException e) when (attempt < Tries && (e.WasLost || (e.IsPassing && (wasLost || !e.NeverArrived))))
            {
                // At the first try a broker that nobody reaches is simply not there.
                wasLost |= e.WasLost;
                invocation.Messages.Step($"{(wasLost ? "the broker's answer was lost" : "the broker can't take it now")} ({e.Message}), asking again");
                await Task.Delay(Pause, TimeProvider.System, invocation.Stop);
            }
        }
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
