using System.Text.Json;
using OpenClaw.Crash.Tests.History;
using OpenClaw.Testing.Http;

namespace OpenClaw.Crash.Tests.Running;

/// <summary>
/// Takes jobs and ends them, most with a result; some fail, for good or not, some are given back, some are kept until their lease is over.
/// Workers differ: with and without claim ids, with and without lease tokens.
/// </summary>
internal sealed class Worker(string name, int number, JobPool pool, BrokerUnderFire broker, Recorder recorder, Random random)
{
    private readonly bool sendsClaimIds = number % 2 == 0;
    private readonly bool sendsTokens = number % 4 != 3;
    private JsonElement? failed;

    public async Task RunAsync(CancellationToken stop)
    {
        using var client = new RecordingClient(name, broker, recorder);
        var wait = 0;
        while (!stop.IsCancellationRequested)
        {
            if (failed is { } old && random.Next(4) == 0) await SayLateAsync(client, old);
            var claimId = sendsClaimIds ? Guid.NewGuid().ToString() : null;
            var (phase, answer) = await client.ClaimAsync(wait, claimId);
            while (phase == Phase.Unknown && claimId is not null) (phase, answer) = await client.ClaimAsync(wait, claimId);
            var job = phase == Phase.Ok ? answer!.Job : null;
            wait = job is null ? 1 : 0;
            if (job is { } claimed) await WorkAsync(client, claimed);
        }
    }

    private async Task WorkAsync(RecordingClient client, JsonElement job)
    {
        var dice = random.Next(100);
        var operation = Choose(dice, mayFailAgain: job.Number("max_attempts") > 1);
        var id = job.Id();
        if (dice is 0 or 50 or 51)
        {
            pool.Running.Add(id);
            await HangAsync(client, job);
        }
        var text = operation == Operation.Release ? null : $"{id} {job.Number("round")} {job.Number("attempt")} {name} ü\u2028{random.Next()}";
        var (phase, answer) = await client.SayAsync(operation, job, Token(job), text);
        while (phase == Phase.Unknown) (phase, answer) = await client.SayAsync(operation, job, Token(job), text); // until it is answered
        if (phase != Phase.Ok || answer!["status"].GetString() != "failed") return;
        pool.Failed.Add(id);
        if (sendsTokens) failed = job; // without one the broker can't tell rounds apart, where this worker has the job again
    }

    /// <summary>A result of a round that has ended, and that somebody may have begun anew since.</summary>
    private async Task SayLateAsync(RecordingClient client, JsonElement job)
    {
        failed = null;
        await client.SayAsync(Operation.Result, job, Token(job), $"late {name} {random.Next()}");
    }

    private string? Token(JsonElement job) => sendsTokens ? job.Text("lease_token") : null;

    private static Operation Choose(int dice, bool mayFailAgain) => dice switch
    {
        < 4 => Operation.Release,
        < 10 => Operation.Fail,
        < 13 => Operation.FailForGood,
        < 50 when mayFailAgain => Operation.Fail,
        _ => Operation.Result,
    };

    /// <summary>Does nothing until another worker has the job, so that what it says then is stale; kills delay that, so not for ever.</summary>
    private static async Task HangAsync(RecordingClient client, JsonElement job)
    {
        for (var reads = 0; reads < 10; reads++)
        {
            var (_, answer) = await client.ReadAsync(job.Id(), wait: 1);
            if (answer is { Status: 200 } && (answer.Json.Number("attempt") > job.Number("attempt") || answer.Json.Number("round") > job.Number("round")
                || answer["status"].GetString() is "done" or "failed")) return;
        }
    }
}
