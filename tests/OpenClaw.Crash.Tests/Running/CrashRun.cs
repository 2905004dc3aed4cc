using System.Globalization;
using OpenClaw.Crash.Tests.Checking;
using OpenClaw.Crash.Tests.History;
using OpenClaw.Testing;
using OpenClaw.Testing.Http;

namespace OpenClaw.Crash.Tests.Running;

/// <summary>Producers and workers on a broker that dies again and again; then a drain, and everything that is left.</summary>
internal sealed class CrashRun(int seed)
{
    private const int Producers = 8, Workers = 8;
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
        using var stopProducers = new CancellationTokenSource();
        using var stopWorkers = new CancellationTokenSource();
        var producers = Enumerable.Range(0, Producers).Select(i => Task.Run(() => Producer.RunAsync($"p{i}", broker, recorder, stopProducers.Token))).ToList();
        var workers = Enumerable.Range(0, Workers).Select(i =>
            Task.Run(() => new Worker($"w{i}", i, broker, recorder, new Random(seed + i + 1)).RunAsync(stopWorkers.Token))).ToList();

        var random = new Random(seed);
        for (var kill = 0; kill < kills; kill++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(50, 1500)), TimeProvider.System); // the random moment of the kill
            await broker.KillAndStartAsync();
        }
        await stopProducers.CancelAsync();
        await Task.WhenAll(producers);
        await DrainAsync(process.Api);
        await stopWorkers.CancelAsync();
        await Task.WhenAll(workers);

        var api = await FinalStateReader.ReadApiAsync(process.Api);
        var exit = await process.Program.StopAsync();
        var (file, damage) = FinalStateReader.ReadFile(database);
        if (exit != 0) damage.Add($"the broker stopped with {exit}");
        return new FinalState { Api = api, File = file, Damage = damage, LeaseMilliseconds = Lease.TotalMilliseconds };
    }

    /// <summary>Waits until no job is open, or until none has ended for much longer than a lease: then the checker says which.</summary>
    private static async Task DrainAsync(Api api)
    {
        const int Patience = 20;
        var stuck = 0;
        while (stuck < Patience && await FindOpenAsync(api) is { } open)
        {
            var job = await api.JobAsync(open, "?wait=3");
            stuck = job.Text("status") is "done" or "failed" ? 0 : stuck + 1;
        }
    }

    private static async Task<string?> FindOpenAsync(Api api)
    {
        foreach (var state in new[] { "queued", "running" })
        {
            var page = await api.GetAsync($"/jobs?state={state}&limit=1", api.Bot);
            if (page["jobs"].GetArrayLength() > 0) return page["jobs"][0].Id();
        }
        return null;
    }
}
