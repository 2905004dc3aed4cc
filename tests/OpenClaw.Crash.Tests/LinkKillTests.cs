using System.Net.Sockets;
using OpenClaw.Testing;
using OpenClaw.Testing.Http;

namespace OpenClaw.Crash.Tests;

/// <summary>
/// kill -9 of a real broker at random moments while batches are made whose jobs wait for each other. <c>OPENCLAW_CRASH_KILLS</c> says how often
/// (3), <c>OPENCLAW_CRASH_SEED</c> repeats a run's dice.
/// </summary>
public sealed class LinkKillTests : IDisposable
{
    private const int JobsOfABatch = 6;

    private const string Batch = """
        {"jobs": [
          {"command": "ping", "payload": "", "ref": "a"}, {"command": "ping", "payload": "", "ref": "b", "depends_on": ["a"]},
          {"command": "ping", "payload": "", "ref": "c", "depends_on": ["a"]}, {"command": "ping", "payload": "", "depends_on": ["b", "c"]}
        ], "batch": {"on_success": {"command": "ping", "payload": ""}, "on_complete": {"command": "ping", "payload": ""}}}
        """;

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task NoKillLosesAChildOrLetsItRunTooEarly()
    {
        var seed = Variable.Number("OPENCLAW_CRASH_SEED") ?? Random.Shared.Next();
        var random = new Random(seed);
        await using var broker = await BrokerProcess.StartAsync(folder.File("broker.db"), new Dictionary<string, string> { ["LEASE_SECONDS"] = "3" });
        using var patience = new CancellationTokenSource(2 * Broken.After);
        using var made = new CancellationTokenSource();
        var batches = 0;
        var producer = Task.Run(async () =>
        {
            while (!made.IsCancellationRequested)
            {
                var key = $"batch-{batches}";
                await RepeatAsync(async () => (await broker.Api.PostAsync("/jobs/batch", Batch, broker.Api.Bot, $"Idempotency-Key: {key}")).Status == 200);
                batches++;
            }
        }, patience.Token);
        using var worked = new CancellationTokenSource();
        var workers = Enumerable.Range(0, 3).Select(n => Task.Run(async () =>
        {
            while (!worked.IsCancellationRequested) await RepeatAsync(() => WorkAsync(broker.Api, n));
        }, patience.Token)).ToList();
        for (var kill = 0; kill < (Variable.Number("OPENCLAW_CRASH_KILLS") ?? 3); kill++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(50, 1500)), TimeProvider.System, patience.Token); // the random moment of the kill
            await broker.Program.KillAsync();
            await broker.StartAgainAsync();
        }
        await made.CancelAsync();
        await producer;
        while (Number("select count(*) from job where finished_at is null") > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, patience.Token);
        }
        await worked.CancelAsync();
        await Task.WhenAll(workers);
        Assert.Equal(0, await broker.Program.StopAsync());
        var which = $"seed {seed}, {batches} batches";
        Assert.True(Number("select count(*) from job") == batches * JobsOfABatch, $"{which}: a job is lost or doubled");
        Assert.True(Number("select count(*) from job where state <> 'done'") == 0, $"{which}: a job is not done");
        Assert.True(Number("select count(*) from job_edge e join job c on c.id = e.child join job p on p.id = e.parent "
            + "where c.started_at < p.finished_at") == 0, $"{which}: a child ran before its parent was done");
        Assert.True(Number("select count(*) from batch b join job c on c.id in (b.on_success, b.on_complete) join job j on j.batch = b.id "
            + "where c.started_at < j.finished_at") == 0, $"{which}: what waits for a batch ran too early");
        Assert.True(Number("select (select count(*) from job_edge where is_open = 1) + (select count(*) from batch where is_told = 0)") == 0,
            $"{which}: something is still to be told");

        async Task RepeatAsync(Func<Task<bool>> call)
        {
            while (!patience.IsCancellationRequested)
            {
                try
                {
                    if (await call()) return;
                }
                catch (Exception e) when (e is HttpRequestException or SocketException or TaskCanceledException)
                {
                    // It was killed.
                }
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, patience.Token);
            }
        }
    }

    /// <summary>One job, if there is one; what a kill takes away, its lease gives back.</summary>
    private static async Task<bool> WorkAsync(Api api, int n)
    {
        if (await api.PollAsync(1, $"X-Worker-Id: w{n}") is not { Status: 200, Job: { } job }) return true;
        await api.FinishAsync(job.Id(), "r", job.Fence(), $"X-Worker-Id: w{n}");
        return true;
    }

    private long Number(string sql) => FileQuery.Number(folder.File("broker.db"), sql);
}
