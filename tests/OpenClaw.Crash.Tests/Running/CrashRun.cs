using System.Globalization;
using System.Text.Json;
using OpenClaw.Crash.Tests.Checking;
using OpenClaw.Crash.Tests.History;
using OpenClaw.Testing;
using OpenClaw.Testing.Http;

namespace OpenClaw.Crash.Tests.Running;

/// <summary>Producers, workers and persons on a broker that dies again and again; then a drain, and everything that is left.</summary>
internal sealed class CrashRun(int seed)
{
    private const int Producers = 8, Workers = 8, Persons = 4;

    /// <summary>What persons do, and what a run must hold to prove anything.</summary>
    public static readonly Operation[] OfPersons = [Operation.Cancel, Operation.Retry, Operation.Hold];

    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(1); // short enough to end between two kills
    private readonly Recorder recorder = new();

    public IReadOnlyList<Event> Events => recorder.Events;

    public async Task<FinalState> RunAsync(int kills)
    {
        using var folder = new TempFolder();
        var database = folder.File("broker.db");
        await using var process = await BrokerProcess.StartAsync(database, new Dictionary<string,
            string> { ["LEASE_SECONDS"] = Lease.TotalSeconds.ToString(CultureInfo.InvariantCulture) });
        var broker = new BrokerUnderFire(process, recorder);
        var pool = new JobPool();
        using var stopMakers = new CancellationTokenSource();
        using var stopWorkers = new CancellationTokenSource();
        var producers = Enumerable.Range(0, Producers).Select(i =>
            Task.Run(() => new Producer($"p{i}", pool, broker, recorder, Dice(i)).RunAsync(stopMakers.Token)));
        var persons = Enumerable.Range(0, Persons).Select(i =>
            Task.Run(() => new Person($"h{i}", pool, broker, recorder, Dice(Producers + i)).RunAsync(stopMakers.Token)));
        List<Task> makers = [.. producers, .. persons];
        var workers = Enumerable.Range(0, Workers).Select(i =>
            Task.Run(() => new Worker($"w{i}", i, pool, broker, recorder, Dice(Producers + Persons + i)).RunAsync(stopWorkers.Token))).ToList();

        var random = new Random(seed);
        for (var kill = 0; kill < kills; kill++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(50, 1500)), TimeProvider.System); // the random moment of the kill
            await broker.KillAndStartAsync();
        }
        await UntilPersonsDidAllAsync();
        await stopMakers.CancelAsync();
        await Task.WhenAll(makers);
        await DrainAsync(process.Api, broker);
        await stopWorkers.CancelAsync();
        await Task.WhenAll(workers);

        var api = await FinalStateReader.ReadApiAsync(process.Api);
        var exit = await process.Program.StopAsync();
        var (file, damage) = FinalStateReader.ReadFile(database);
        if (exit != 0) damage.Add($"the broker stopped with {exit}");
        return new FinalState { Api = api, File = file, Damage = damage, LeaseMilliseconds = Lease.TotalMilliseconds };
    }

    /// <summary>A run that was killed seldom may end before anybody has done all that a person does.</summary>
    private async Task UntilPersonsDidAllAsync()
    {
        using var patience = new CancellationTokenSource(Broken.After);
        while (!OfPersons.All(what => recorder.Events.Any(e => e.Phase == Phase.Ok && e.Operation == what)))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, patience.Token);
        }
    }

    private Random Dice(int client) => new(seed + client + 1);

    /// <summary>Waits until no job is open, or until none has ended for much longer than a lease: then the checker says which.</summary>
    private async Task DrainAsync(Api api, BrokerUnderFire broker)
    {
        const int Patience = 20;
        using var client = new RecordingClient("drain", broker, recorder);
        var stuck = 0;
        while (stuck < Patience && await FindOpenAsync(api) is { } open)
        {
            if (IsHeldByPerson(open)) await client.ChangeAsync(Operation.Unhold, open.Id()); // as its policy says where its parent failed
            var job = await api.JobAsync(open.Id(), "?wait=3");
            stuck = job.Text("status") is "done" or "failed" ? 0 : stuck + 1;
        }
    }

    private static bool IsHeldByPerson(JsonElement job) => job.GetProperty("holds").EnumerateArray().Any(static h => h.Text("kind") == "person");

    private static async Task<JsonElement?> FindOpenAsync(Api api)
    {
        var page = await api.GetAsync("/jobs?state=queued,scheduled,held,running&order=oldest&limit=1", api.Bot);
        return page["jobs"].GetArrayLength() > 0 ? page["jobs"][0] : null;
    }
}
