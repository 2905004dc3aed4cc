using OpenClaw.Testing;
using OpenClaw.Testing.Http;

namespace OpenClaw.Contract.Tests.Support;

/// <summary>
/// The broker that the contract is held against: the one that <c>OPENCLAW_TEST_URL</c>, <c>OPENCLAW_TEST_BOT_TOKEN</c> and
/// <c>OPENCLAW_TEST_WORKER_TOKEN</c> name, else a process of ours. Another broker wants <c>--filter "Contract=any"</c> (and
/// <c>&amp;Differs!=Python</c> if it is the Python one), an empty queue to itself and a lease longer than the run.
/// </summary>
public sealed class TestedBroker : IAsyncLifetime
{
    private readonly TempFolder folder = new();
    private BrokerProcess? process;

    public Api Api { get; private set; } = null!;

    public string BotToken { get; private set; } = BrokerProcess.BotToken;

    public string WorkerToken { get; private set; } = BrokerProcess.WorkerToken;

    public async Task InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable("OPENCLAW_TEST_URL") is { Length: > 0 } url)
        {
            BotToken = Environment.GetEnvironmentVariable("OPENCLAW_TEST_BOT_TOKEN") ?? BotToken;
            WorkerToken = Environment.GetEnvironmentVariable("OPENCLAW_TEST_WORKER_TOKEN") ?? WorkerToken;
            Api = new Api(new Uri(url), BotToken, WorkerToken);
            return;
        }
        process = await BrokerProcess.StartAsync(folder.File("broker.db"), new Dictionary<string, string> { ["LEASE_SECONDS"] = "600" });
        Api = process.Api;
    }

    public async Task DisposeAsync()
    {
        if (process is not null) await process.DisposeAsync();
        folder.Dispose();
    }
}

/// <summary>All tests that share the one broker: one at a time, since they share its queue.</summary>
[CollectionDefinition(Name)]
public sealed class SharedBroker : ICollectionFixture<TestedBroker>
{
    public const string Name = "the shared broker";
}

/// <summary>A test against the shared broker: it starts with an empty queue.</summary>
[Collection(SharedBroker.Name)]
public abstract class ContractTest(TestedBroker broker) : IAsyncLifetime
{
    protected TestedBroker Broker { get; } = broker;

    protected Api Api { get; } = broker.Api;

    public virtual async Task InitializeAsync()
    {
        while ((await Api.ClaimAsync()).Job is { } left) await Api.FailAsync(left.Id(), "left over by a test");
    }

    public Task DisposeAsync() => Task.CompletedTask;

    /// <summary>Creates a job and claims it.</summary>
    protected async Task<string> RunningJobAsync(params string[] headers)
    {
        var id = await Api.NewJobAsync();
        Assert.Equal(id, (await Api.TakeAsync(headers)).Id());
        return id;
    }

    protected Task<RawConnection> ConnectAsync() => RawConnection.OpenAsync(Api.Url);

    /// <summary>Sends one request over a connection of its own.</summary>
    protected async Task<Answer> SendRawAsync(string head, byte[]? body = null)
    {
        using var connection = await ConnectAsync();
        await connection.SendAsync(head);
        if (body is not null) await connection.SendAsync(body);
        return await connection.ReceiveAsync();
    }
}
