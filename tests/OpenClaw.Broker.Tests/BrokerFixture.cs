using System.Net.Http.Json;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Queues;
using OpenClaw.Broker.Running;
using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Broker.Time;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Testing;
using Orleans.Reminders;
using Orleans.TestingHost;

namespace OpenClaw.Broker.Tests;

/// <summary>The real broker in this process: real silo, real SQLite file, real HTTP; the clock alone is the test's.</summary>
internal sealed class BrokerFixture : IAsyncDisposable
{
    public const int LeaseSeconds = 60;
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(10);
    public static readonly DateTimeOffset Beginning = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly TempFolder folder = new();
    private WebApplication app = null!;
    private Func<BrokerOptions, BrokerOptions> configure = static options => options;
    private Action<ISiloBuilder>? silo;
    private int reminded;

    public MachineClock Clock { get; } = new(Beginning);

    public string DatabasePath => folder.File("broker.db");

    public TimeSpan Lease { get; } = TimeSpan.FromSeconds(LeaseSeconds);

    /// <summary>How often a reminder has reached a grain.</summary>
    public int Reminded => Volatile.Read(ref reminded);

    /// <summary>What becomes of each call of a grain: it may be held up, or lost.</summary>
    public Func<IIncomingGrainCallContext, Task> OnCall { get; set; } = static call => call.Invoke();

    /// <summary>The same at the caller's end.</summary>
    public Func<IOutgoingGrainCallContext, Task> OnSend { get; set; } = static call => call.Invoke();

    public long NowMs => Clock.GetUtcNow().ToUnixTimeMilliseconds();

    public Uri Url { get; private set; } = null!;

    public HttpClient Http { get; private set; } = null!;

    public IServiceProvider Services => app.Services;

    public IGrainFactory Grains => Services.GetRequiredService<IGrainFactory>();

    public IQueueGrain Queue => Grains.GetGrain<IQueueGrain>(QueueNames.Default);

    public IJobStore Store => Services.GetRequiredService<IJobStore>();

    /// <param name="prepare">Makes the database file before the broker opens it.</param>
    /// <param name="configure">Changes the options.</param>
    /// <param name="silo">Adds to the silo and its host.</param>
    public static async Task<BrokerFixture> StartAsync(
        Action<string>? prepare = null, Func<BrokerOptions, BrokerOptions>? configure = null, Action<ISiloBuilder>? silo = null)
    {
        var fixture = new BrokerFixture { configure = configure ?? (static options => options), silo = silo };
        prepare?.Invoke(fixture.DatabasePath);
        await fixture.StartAgainAsync();
        return fixture;
    }

    /// <summary>Stops the broker where it runs, and starts it over the same file.</summary>
    public async Task StartAgainAsync()
    {
        await StopAsync();
        var options = new BrokerOptions { DatabasePath = DatabasePath, BotToken = BrokerProcess.BotToken, WorkerToken = BrokerProcess.WorkerToken,
            Port = 0, LeaseSeconds = LeaseSeconds, DiskReserveBytes = 0 };
        app = await BrokerHost.BuildAsync(configure(options), Clock, silo =>
        {
            silo.Services.UseTimeProviderForBackgroundAreas(TimeProvider.System);
            silo.Services.AddKeyedSingleton<TimeProvider>(ReminderTimeProviderNames.Reminders, static (services, _) =>
                services.GetRequiredService<TimeProvider>());
            silo.AddIncomingGrainCallFilter(context =>
            {
                if (context.InterfaceMethod.Name == nameof(IRemindable.ReceiveReminder)) Interlocked.Increment(ref reminded);
                return OnCall(context);
            });
            silo.AddOutgoingGrainCallFilter(context => OnSend(context));
            silo.Services.AddSingleton<IStartupFilter, RequestsFromElsewhere>();
            this.silo?.Invoke(silo);
        });
        await app.StartAsync();
        Url = new Uri(Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        Http = new HttpClient { BaseAddress = Url };
    }

    /// <summary>Starts another broker over the file as a kill -9 at this moment would leave it; this one goes on beside it.</summary>
    public async Task<BrokerFixture> KilledHereAsync()
    {
        var after = new BrokerFixture();
        foreach (var suffix in (string[])["", "-wal"]) File.Copy(DatabasePath + suffix, after.DatabasePath + suffix);
        after.Clock.SetUtcNow(Clock.GetUtcNow());
        await after.StartAgainAsync();
        return after;
    }

    public async Task StopAsync()
    {
        if (app is null) return;
        Http.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
    }

    /// <summary>A client with both tokens; its deadlines are the machine's, not the test clock's.</summary>
    public BrokerClient Client(string? workerId = null, params string[] caps) =>
        new(new HttpClient(), Url, new BrokerCredentials { BotToken = BrokerProcess.BotToken, WorkerToken = BrokerProcess.WorkerToken,
            WorkerId = workerId, Caps = caps }, TimeProvider.System);

    public async Task<string> CreateAsync(string payload = "p", params string[] caps) =>
        (await Client().CreateAsync(new CreateJob("ping", payload) { Requires = caps.Length == 0 ? null : new Requirements(caps) })).Id;

    public Task<JobView?> ClaimAsync(string? workerId = null, params string[] caps) =>
        Client(workerId, caps).ClaimAsync(Guid.NewGuid().ToString("N"), TimeSpan.Zero);

    /// <summary>Claims a job that was given back a moment ago: its row is written before the queue hears of it.</summary>
    public async Task<JobView> ClaimSoonAsync(string? workerId = null)
    {
        JobView? claim = null;
        await EventuallyAsync(async () => (claim = await ClaimAsync(workerId)) is not null);
        return claim!;
    }

    /// <summary>Writes a job of which nobody hears.</summary>
    public async Task<Job> InsertAsync(string payload = "p") =>
        (await Store.InsertAsync(new Job { Id = Guid.NewGuid(), Version = 1, Command = "ping", CreatedAt = NowMs }, Encoding.UTF8.GetBytes(payload),
            null, isNewQueue: false)).Job!;

    /// <summary>Has the queue set a job aside, as for a claim.</summary>
    public async Task<Guid?> SetAsideAsync() => 
        (await Queue.ObserveAsync(new QueueMessage([], new SteadyTime(0), [new Ask(new WorkerClass(Caps.Any, CommandSet.All), 1)])))[0].JobId;

    public Task<JobView> GetAsync(string id) => Client().GetAsync(id);

    /// <summary>Moves the clock and waits until the job is what it then should be.</summary>
    public async Task AdvanceUntilAsync(TimeSpan by, string id, Func<JobView, bool> reached)
    {
        const int Patient = 100; // looks
        Clock.Advance(by);
        var looks = 0;
        await EventuallyAsync(async () =>
        {
            // A timer that was being set while the clock moved is late by so much, and this clock stands still.
            if (++looks > Patient) Clock.Advance(TimeSpan.FromMilliseconds(1));
            return reached(await GetAsync(id));
        });
    }

    /// <summary>Lets hours pass, until the broker has noted them and looked for old keys: it does so every ten minutes.</summary>
    public async Task RunForAsync(TimeSpan time)
    {
        var step = TimeSpan.FromMinutes(10);
        for (var left = time; left > TimeSpan.Zero; left -= step)
        {
            Clock.Sleep(step);
            await Task.Yield();
        }
        var noted = Services.GetRequiredService<Clock>().SteadyNow - (long)step.TotalMilliseconds;
        await EventuallyAsync(() => Task.FromResult(Query<long>("select steady_ms from meta") >= noted.Milliseconds));
    }

    /// <summary>Looks until it is so: what the broker does in the background needs no clock, only a moment.</summary>
    /// <param name="otherwise">How it is, for whoever reads that it never became so.</param>
    public static async Task EventuallyAsync(Func<Task<bool>> isSo, Func<string>? otherwise = null)
    {
        using var patience = new CancellationTokenSource(Broken.After);
        try
        {
            while (!await isSo()) await Task.Delay(LookAgain, TimeProvider.System, patience.Token);
        }
        catch (OperationCanceledException) when (otherwise is not null && patience.IsCancellationRequested)
        {
            throw new TimeoutException(otherwise());
        }
    }

    /// <summary>One value out of the database file, past the broker.</summary>
    public T? Query<T>(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={DatabasePath};Pooling=False");
        connection.Open();
        return connection.Scalar<T>(sql);
    }

    public async Task<HttpResponseMessage> PostAsync(string path, string? leaseToken, string? workerId, object body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
        request.Headers.Add(HeaderNames.WorkerToken, BrokerProcess.WorkerToken);
        if (leaseToken is not null) request.Headers.Add(HeaderNames.LeaseToken, leaseToken);
        if (workerId is not null) request.Headers.Add(HeaderNames.WorkerId, workerId);
        return await Http.SendAsync(request);
    }

    /// <summary>A call with the bot's token.</summary>
    public Task<HttpResponseMessage> BotAsync(string path, object body) => BotAsync(HttpMethod.Post, path, JsonContent.Create(body));

    /// <inheritdoc cref="BotAsync(string, object)"/>
    public async Task<HttpResponseMessage> BotAsync(HttpMethod method, string path, HttpContent? content, string? idempotencyKey = null)
    {
        var request = new HttpRequestMessage(method, path) { Content = content };
        request.Headers.Add(HeaderNames.BotToken, BrokerProcess.BotToken);
        if (idempotencyKey is not null) request.Headers.Add(HeaderNames.IdempotencyKey, idempotencyKey);
        return await Http.SendAsync(request);
    }

    /// <summary>Claims from these queues, a comma list.</summary>
    public async Task<JobView?> ClaimFromAsync(string queues, string? workerId = null, string? claimId = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "jobs/next");
        request.Headers.Add(HeaderNames.WorkerToken, BrokerProcess.WorkerToken);
        request.Headers.Add(HeaderNames.WorkerQueues, queues);
        if (workerId is not null) request.Headers.Add(HeaderNames.WorkerId, workerId);
        if (claimId is not null) request.Headers.Add(HeaderNames.ClaimId, claimId);
        using var answer = await Http.SendAsync(request);
        return (await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync(WireJson.Default.ClaimAnswer))!.Job;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        folder.Dispose();
    }
}
