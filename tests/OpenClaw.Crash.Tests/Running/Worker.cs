using System.Text.Json;
using OpenClaw.Crash.Tests.History;
using OpenClaw.Testing.Http;

namespace OpenClaw.Crash.Tests.Running;

/// <summary>
/// Takes jobs and ends them, most with a result; some fail, some are given back, some are held until their lease is over.
/// Workers differ: with and without claim ids, with and without lease tokens.
/// </summary>
internal sealed class Worker(string name, int number, TimeSpan lease, BrokerUnderFire broker, Recorder recorder, Random random)
{
    private readonly bool sendsClaimIds = number % 2 == 0;
    private readonly bool sendsTokens = number % 4 != 3;

    public async Task RunAsync(CancellationToken stop)
    {
        using var client = new RecordingClient(name, broker, recorder);
        var wait = 0;
        while (!stop.IsCancellationRequested)
        {
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
        if (dice < 2) await Task.Delay(lease * 1.2, TimeProvider.System); // a worker that hangs
        var operation = dice switch { < 4 => Operation.Release, < 12 => Operation.Fail, _ => Operation.Result };
        var (id, attempt) = (job.Id(), job.Number("attempt"));
        var token = sendsTokens ? job.Text("lease_token") : null;
        var text = operation == Operation.Release ? null : $"{id} {attempt} {name} ü\u2028{random.Next()}";
        while ((await client.SayAsync(operation, id, attempt, token, text)).Phase == Phase.Unknown)
        {
            // A worker says it again until it is answered.
        }
    }
}
