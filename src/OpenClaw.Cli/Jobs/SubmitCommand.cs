using System.CommandLine;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Cli.Jobs;

/// <summary><c>submit</c>: makes a job, and with <c>--wait</c> stays for its result.</summary>
internal static class SubmitCommand
{
    private const int Tries = 5;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private static readonly Argument<string> Command = new("COMMAND") { Description = "What to do, such as ping" };
    private static readonly Argument<string> Payload = new("PAYLOAD") { Description = "What to do it with; - reads it from stdin", DefaultValueFactory = _ => "" };
    private static readonly Option<bool> Wait = new("--wait") { Description = "Wait for the job's end and print its result" };
    private static readonly Option<string?> Requires = new("--requires") { Description = "Capabilities the worker must have, such as gpu,cuda", HelpName = "CAPS" };
    private static readonly Option<string?> Key = new("--idempotency-key") { Description = "The same key with the same job makes no second job", HelpName = "KEY" };

    public static Command Create() => new Command("submit", "Send a job; prints its id, or with --wait its result") { Command, Payload, Wait, Requires, Key }.Does(RunAsync);

    private static async Task<int> RunAsync(Run run)
    {
        using var connection = Connection.Open(run.Folder);
        var payload = run.Parsed.GetValue(Payload)!;
        if (payload == "-") payload = await Console.In.ReadToEndAsync(run.Stop).ConfigureAwait(false);
        var job = new CreateJob(run.Parsed.GetValue(Command)!, payload)
        {
            Requires = run.Parsed.GetValue(Requires) is { } caps ? new Requirements(caps.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)) : null,
        };
        var key = run.Parsed.GetValue(Key) ?? Guid.NewGuid().ToString("N");
        string? id = null;
        try
        {
            var created = await CreateAsync(connection.Broker, job, key, run).ConfigureAwait(false);
            id = created.Id;
            if (!run.Parsed.GetValue(Wait))
            {
                Console.Out.WriteLine(run.AsJson ? JobText.Json(created, WireJson.Default.CreatedJob) : created.Id);
                return ExitCodes.Ok;
            }
            var ended = await new JobWatch(connection.Broker, run.Talk, TimeProvider.System).UntilEndedAsync(id, run.Stop).ConfigureAwait(false);
            return Print(ended, run);
        }
        catch (Exception e) when (Connection.IsFailedCall(e) && !run.Stop.IsCancellationRequested)
        {
            var code = connection.Explain(e, run.Talk);
            if (id is not null) run.Talk.Say($"openclaw: the job is accepted; `openclaw status {id} --wait` asks for it again.");
            return code;
        }
    }

    /// <summary>Creates the job. An answer that was lost is asked for again: the key keeps that from making a second job.</summary>
    private static async Task<CreatedJob> CreateAsync(BrokerClient broker, CreateJob job, string key, Run run)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await broker.CreateAsync(job, key, run.Stop).ConfigureAwait(false);
            }
            catch (Exception e) when (attempt < Tries && (IsLostAnswer(e) || attempt > 1 && e is HttpRequestException) && !run.Stop.IsCancellationRequested)
            {
                run.Talk.Step($"the broker's answer was lost ({e.Message}), asking again");
                await Task.Delay(Pause, TimeProvider.System, run.Stop).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Whether the broker may have got the job. At the first try, a broker that nobody reaches is simply not there.</summary>
    private static bool IsLostAnswer(Exception e) => e switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError } => false,
        BrokerException refused => refused.IsPassing,
        _ => Connection.IsFailedCall(e),
    };

    /// <summary>The result goes to stdout as it is; an error to stderr.</summary>
    private static int Print(JobView job, Run run)
    {
        if (run.AsJson) Console.Out.WriteLine(JobText.Json(job, WireJson.Default.JobView));
        else if (job.Result is { } result) Console.Out.WriteLine(Console.IsOutputRedirected ? result : JobText.Clean(result, lines: true));
        else run.Talk.Say($"openclaw: job {job.Id} {JobText.State(job)}: {JobText.Clean(job.Error ?? "no error given", lines: true)}");
        return JobText.ExitCode(job);
    }
}
