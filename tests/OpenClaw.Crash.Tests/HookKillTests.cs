using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using OpenClaw.Testing;
using OpenClaw.Testing.Http;

namespace OpenClaw.Crash.Tests;

/// <summary>
/// kill -9 of a real broker, and of the real process that delivers its webhooks, at random moments while jobs with webhooks end.
/// <c>OPENCLAW_CRASH_KILLS</c> says how often (3), <c>OPENCLAW_CRASH_SEED</c> repeats a run's dice.
/// </summary>
public sealed class HookKillTests : IDisposable
{
    private const string DeliverToken = "deliver-token-of-the-tests-0123456789abcdef";

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task EveryEndIsToldAndKnownByOneId()
    {
        var seed = Variable.Number("OPENCLAW_CRASH_SEED") ?? Random.Shared.Next();
        var random = new Random(seed);
        using var patience = new CancellationTokenSource(2 * Broken.After);
        var (url, told) = Receive(patience.Token);
        await using var broker = await BrokerProcess.StartAsync(folder.File("broker.db"), new Dictionary<string, string>
        {
            ["LEASE_SECONDS"] = "3", ["DELIVER_TOKEN"] = DeliverToken,
        });
        var delivery = Deliver(broker.Url);
        using var made = new CancellationTokenSource();
        var jobs = 0;
        var producer = Task.Run(async () =>
        {
            while (!made.IsCancellationRequested)
            {
                var (body, key) = ($$$"""{"command": "ping", "payload": "", "webhook": {"url": "{{{url}}}"}}""", $"job-{jobs}");
                await RepeatAsync(async () => (await broker.Api.PostAsync("/jobs", body, broker.Api.Bot, $"Idempotency-Key: {key}")).Status == 200);
                jobs++;
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
            if (random.Next(2) == 0)
            {
                await delivery.KillAsync();
                await delivery.DisposeAsync();
                delivery = Deliver(broker.Url);
            }
            await broker.StartAgainAsync();
        }
        await made.CancelAsync();
        await producer;
        while (Number("select (select count(*) from job where state <> 'done') + (select count(*) from hook_event)") > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, patience.Token);
        }
        await worked.CancelAsync();
        await Task.WhenAll(workers);
        Assert.Equal(0, await delivery.StopAsync());
        await delivery.DisposeAsync();
        Assert.Equal(0, await broker.Program.StopAsync());
        var which = $"seed {seed}, {jobs} jobs, {told.Count} webhooks";
        Assert.True(Number("select count(*) from job where queue = 'default'") == jobs, $"{which}: a job is lost or doubled");
        Assert.True(Number("select count(*) from job where queue = '_hooks'") == jobs, $"{which}: a delivery is lost or doubled");
        Assert.True(told.Select(static t => t.Job).Distinct().Count() == jobs, $"{which}: an end was not told");
        Assert.True(told.Select(static t => t.Id).Distinct().Count() == jobs, $"{which}: an end was told under several ids");

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

    private static ProgramProcess Deliver(Uri broker) => ProgramProcess.Start(Repository.Broker, new Dictionary<string, string>
    {
        ["BROKER_URL"] = broker.ToString(),
        ["DELIVER_TOKEN"] = DeliverToken,
        ["WEBHOOK_SECRET"] = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",
        ["WEBHOOK_ALLOW"] = "127.0.0.1",
    }, "--deliver");

    /// <summary>Takes webhooks until the end of the test.</summary>
    private static (string Url, ConcurrentBag<(string Id, string Job)> Told) Receive(CancellationToken stop)
    {
        var told = new ConcurrentBag<(string, string)>();
        var listener = new HttpListener();
        var url = $"http://127.0.0.1:{FreePort.Take()}/";
        listener.Prefixes.Add(url);
        listener.Start();
        stop.Register(listener.Close);
        _ = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                var context = await listener.GetContextAsync();
                using var body = await JsonDocument.ParseAsync(context.Request.InputStream, cancellationToken: stop);
                told.Add((context.Request.Headers["webhook-id"]!, body.RootElement.GetProperty("data").GetProperty("id").GetString()!));
                context.Response.StatusCode = 204;
                context.Response.Close();
            }
        }, stop);
        return (url, told);
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
