using OpenClaw.Crash.Tests.History;
using OpenClaw.Testing.Http;

namespace OpenClaw.Crash.Tests.Running;

/// <summary>
/// Makes jobs, every other one with an idempotency key that it repeats until it is answered, and awaits the end of
/// every tenth, so that it never runs far ahead of the workers. Some may be tried again, some have a unique key, some wait for others.
/// </summary>
internal sealed class Producer(string name, JobPool pool, BrokerUnderFire broker, Recorder recorder, Random random)
{
    /// <summary>So few that producers meet.</summary>
    private const int UniqueKeys = 6;

    private static readonly string[] Policies = ["fail", "cancel", "run", "hold"];

    public async Task RunAsync(CancellationToken stop)
    {
        using var client = new RecordingClient(name, broker, recorder);
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            var payload = $"{name}-{i} grüße\0\n😀";
            var key = i % 2 == 0 ? $"{name}-{i}" : null;
            var terms = i % 10 == 0 ? new JobTerms() : Terms();
            var (phase, answer) = await client.CreateAsync(payload, key, terms);
            while (phase != Phase.Ok && key is not null && answer?.Status != 409) (phase, answer) = await client.CreateAsync(payload, key, terms);
            if (phase != Phase.Ok) continue;
            pool.Made.Add(answer!.Json.Id());
            if (i % 10 == 0) await AwaitEndAsync(client, answer.Json.Id());
        }
    }

    private JobTerms Terms() => random.Next(100) switch
    {
        < 20 => new JobTerms { MaxAttempts = random.Next(2, 4) },
        < 32 => new JobTerms { UniqueKey = $"u{random.Next(UniqueKeys)}", OnConflict = random.Next(2) == 0 ? "return" : "reject" },
        < 44 => new JobTerms { DependsOn = Parents() },
        _ => new JobTerms(),
    };

    private string? Parents()
    {
        var jobs = Enumerable.Range(0, random.Next(1, 3)).Select(_ => pool.Made.Pick(random)).OfType<string>().Distinct().ToList();
        return jobs.Count == 0 ? null : string.Join(',', jobs.Select(job => $"{job}:{Policies[random.Next(Policies.Length)]}"));
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
