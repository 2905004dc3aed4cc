using System.Text.Json;
using OpenClaw.Bot.Tests.Fake;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Testing;

namespace OpenClaw.Bot.Tests;

[CollectionDefinition(Name)]
public sealed class BrokerGroup : ICollectionFixture<BrokerFixture>
{
    public const string Name = "broker";
}

/// <summary>A real broker process for many tests, which play its worker themselves.</summary>
public sealed class BrokerFixture : IAsyncLifetime
{
    private readonly TempFolder folder = new();
    private BrokerProcess broker = null!;

    public Uri Url => broker.Url;
    public BrokerClient Client { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        broker = await BrokerProcess.StartAsync(folder.File("broker.db"));
        Client = broker.Client("worker-1");
    }

    public async Task DisposeAsync()
    {
        await broker.DisposeAsync();
        folder.Dispose();
    }

    /// <summary>A worker that takes these commands alone.</summary>
    public BrokerClient Worker(string id, params IReadOnlyList<string> commands)
    {
        var worker = broker.Client(id);
        worker.Take(commands);
        return worker;
    }

    /// <summary>Claims the job with this payload; what other tests left is put out of the way.</summary>
    public async Task<JobView> TakeAsync(string payload)
    {
        while (true)
        {
            var job = await Client.ClaimAsync(Guid.NewGuid().ToString("n"), TimeSpan.FromSeconds(60))
                ?? throw new TimeoutException($"no job with payload '{payload}' came");
            if (job.Payload == payload) return job;
            await Client.FinishAsync(job.Id, job.LeaseToken, "left over");
        }
    }

    public Task FinishAsync(JobView job, string result) => Client.FinishAsync(job.Id, job.LeaseToken, result);

    /// <summary>Does the next job with this payload.</summary>
    public async Task<JobView> WorkAsync(string payload, string result)
    {
        var job = await TakeAsync(payload);
        await FinishAsync(job, result);
        return job;
    }

    public async Task<int> CountAsync(string command)
    {
        var count = 0;
        for (string? cursor = null; ;)
        {
            var page = await Client.ListAsync(new JobFilter { Command = command, Limit = 200, Cursor = cursor });
            count += page.Jobs.Count;
            if ((cursor = page.Next) is null) return count;
        }
    }

    public static string Plan(string id, string summary = "Do the thing") =>
        JsonSerializer.Serialize(new { type = "plan", plan_id = id, summary, proposed_actions = Array.Empty<string>(), requires_approval = true });

    internal async Task<FakeMessage> MakePlanAsync(FakePerson person, string id)
    {
        await person.SayAsync($"plan {id}");
        await WorkAsync(id, Plan(id));
        return await person.ReadAsync($"approve {id}");
    }
}
