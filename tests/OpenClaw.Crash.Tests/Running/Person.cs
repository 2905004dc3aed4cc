using OpenClaw.Crash.Tests.History;

namespace OpenClaw.Crash.Tests.Running;

/// <summary>Cancels jobs that wait or run, holds some for a moment, and has failed ones done again.</summary>
internal sealed class Person(string name, JobPool pool, BrokerUnderFire broker, Recorder recorder, Random random)
{
    public async Task RunAsync(CancellationToken stop)
    {
        using var client = new RecordingClient(name, broker, recorder);
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            await PauseAsync(5, 60);
            var dice = random.Next(100);
            if (dice < 25 && pool.Made.Pick(random) is { } made) await CancelAsync(client, made, i);
            else if (dice < 40 && pool.Running.Take(random) is { } running) await CancelAsync(client, running, i);
            else if (dice < 70 && pool.Made.Pick(random) is { } waiting) await HoldAsync(client, waiting);
            else if (pool.Failed.Take(random) is { } failed) await client.ChangeAsync(Operation.Retry, failed);
        }
    }

    private async Task CancelAsync(RecordingClient client, string job, int i)
    {
        var (phase, _) = await client.CancelAsync(job, $"{name} {i}");
        if (phase == Phase.Ok && random.Next(4) == 0) pool.Failed.Add(job);
    }

    /// <summary>Lets it go whatever became of the hold: nothing may stay held.</summary>
    private async Task HoldAsync(RecordingClient client, string job)
    {
        if ((await client.ChangeAsync(Operation.Hold, job)).Answer?.Status == 409) return;
        await PauseAsync(20, 200);
        while ((await client.ChangeAsync(Operation.Unhold, job)).Answer is not { Status: 200 or 404 or 409 })
        {
            // Until it is answered.
        }
    }

    private Task PauseAsync(int least, int most) => Task.Delay(TimeSpan.FromMilliseconds(random.Next(least, most)), TimeProvider.System);
}
