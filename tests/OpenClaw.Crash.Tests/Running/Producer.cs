using OpenClaw.Crash.Tests.History;
using OpenClaw.Testing.Http;

namespace OpenClaw.Crash.Tests.Running;

/// <summary>
/// Makes jobs, every other one with an idempotency key that it repeats until it is answered, and awaits the end of
/// every tenth, so that it never runs far ahead of the workers.
/// </summary>
internal static class Producer
{
    public static async Task RunAsync(string name, BrokerUnderFire broker, Recorder recorder, CancellationToken stop)
    {
        using var client = new RecordingClient(name, broker, recorder);
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            var payload = $"{name}-{i} grüße\0\n😀";
            var key = i % 2 == 0 ? $"{name}-{i}" : null;
            var (phase, answer) = await client.CreateAsync(payload, key);
            while (phase != Phase.Ok && key is not null) (phase, answer) = await client.CreateAsync(payload, key);
            if (phase == Phase.Ok && i % 10 == 0) await AwaitEndAsync(client, answer!.Json.Id());
        }
    }

    private static async Task AwaitEndAsync(RecordingClient client, string job)
    {
        while (true)
        {
            var (phase, answer) = await client.ReadAsync(job, wait: 5);
            if (phase == Phase.Ok && answer!["state"].GetString() is "done" or "failed" or "cancelled") return;
            if (answer?.Status == 404) return; // the checker's to tell
        }
    }
}
