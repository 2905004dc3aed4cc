using System.Text.Json;
using OpenClaw.Broker.Running;
using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Broker.Tests;

/// <summary>A real broker process in a network of its own, where Tailscale's interface comes, goes and changes.</summary>
public sealed class TailscaleTests : IAsyncLifetime
{
    private const string Interface = "tailscale0";
    private const int Port = 8000;
    private readonly TempFolder folder = new();
    private NetworkNamespace network = null!;

    public async Task InitializeAsync()
    {
        if (NetworkNamespace.Missing() is null) network = await NetworkNamespace.CreateAsync();
    }

    public async Task DisposeAsync()
    {
        if (network is not null) await network.DisposeAsync();
        folder.Dispose();
    }

    [NetworkFact]
    public async Task WaitsForTheTailnetsInterfaceAndTakesNoOthersAddress()
    {
        await network.AddInterfaceAsync("eth9");
        await network.AddAddressAsync("100.64.1.2/10", "eth9"); // a carrier's
        await network.AddInterfaceAsync(Interface);
        await network.AddAddressAsync("192.0.2.7/24", Interface); // not a tailnet's
        await using var broker = Start();
        var waiting = await broker.WaitForLineAsync(" warn Waiting");
        Assert.Contains("tailscale status", waiting, StringComparison.Ordinal);
        Assert.Contains("TAILSCALE_INTERFACE", waiting, StringComparison.Ordinal);
        Assert.Empty(await ListeningAsync());

        await network.RemoveAddressAsync("192.0.2.7/24", Interface);
        await network.AddAddressAsync("100.64.7.8/32", Interface);
        await broker.WaitForLineAsync("Listening on http://100.64.7.8:8000");
        await broker.WaitForLineAsync("Listening on http://127.0.0.1:8000");
        Assert.Equal(["100.64.7.8:8000", "127.0.0.1:8000"], await ListeningAsync());
        Assert.Equal("""{"ok":true,"ts_bound":true}""", await GetAsync("100.64.7.8", "/health"));
        Assert.Null(await GetAsync("100.64.1.2", "/health"));
        var ready = JsonDocument.Parse((await GetAsync("127.0.0.1", "/health/ready"))!).RootElement;
        Assert.Equal("""["100.64.7.8:8000","127.0.0.1:8000"]""", ready.GetProperty("listeners").GetRawText());
        Assert.DoesNotContain(" warn http", broker.Output, StringComparison.Ordinal);
        Assert.Equal(0, await broker.StopAsync());
    }

    [NetworkFact]
    public async Task TakesTheTailnetsIPv6AddressWhereItGivesNoOtherAndTheInterfaceOfTheNameItIsGiven()
    {
        await network.AddInterfaceAsync("ts7");
        await network.AddAddressAsync("fd7a:115c:a1e0::7/128", "ts7");
        await using var broker = Start(("TAILSCALE_INTERFACE", "ts7"));
        await broker.WaitForLineAsync("Listening on http://[fd7a:115c:a1e0::7]:8000");
        Assert.Equal("""{"ok":true,"ts_bound":true}""", await GetAsync("[fd7a:115c:a1e0::7]", "/health"));
    }

    [NetworkFact]
    public async Task TellsThatTheAddressIsGoneAndAnswersAtItOrTheNextWithoutARestart()
    {
        await network.AddInterfaceAsync(Interface);
        await network.AddAddressAsync("100.64.7.8/32", Interface);
        await using var broker = Start();
        await broker.WaitForLineAsync("Listening on http://127.0.0.1:8000");
        var created = await PostAsync("100.64.7.8", "before");
        Assert.Contains("\"status\":\"queued\"", created, StringComparison.Ordinal);

        await network.RemoveAddressAsync("100.64.7.8/32", Interface);
        await HealthBecomesAsync(ok: false);
        Assert.Equal("""{"ok":false,"ts_bound":true}""", await GetAsync("127.0.0.1", "/health"));
        Assert.Contains("tailscale0 no longer has 100.64.7.8",
            JsonDocument.Parse((await GetAsync("127.0.0.1", "/health/ready"))!).RootElement.GetProperty("checks").GetProperty("listen").GetString(),
            StringComparison.Ordinal);
        Assert.Contains("\"status\":\"queued\"", await PostAsync("127.0.0.1", "while it is gone"), StringComparison.Ordinal);

        await network.AddAddressAsync("100.64.7.8/32", Interface);
        await HealthBecomesAsync(ok: true);
        Assert.Contains("\"ready\":2", await QueuesAsync("100.64.7.8"), StringComparison.Ordinal);

        // The interface goes and comes back, as when tailscaled restarts.
        await network.RunAsync("ip", "link", "del", Interface);
        await HealthBecomesAsync(ok: false);
        await network.AddInterfaceAsync(Interface);
        await network.AddAddressAsync("100.64.7.8/32", Interface);
        await HealthBecomesAsync(ok: true);
        Assert.Contains("\"ready\":2", await QueuesAsync("100.64.7.8"), StringComparison.Ordinal);

        // Another tailnet, another address.
        await network.RemoveAddressAsync("100.64.7.8/32", Interface);
        await network.AddAddressAsync("100.64.9.9/32", Interface);
        await broker.WaitForLineAsync("listening on http://100.64.9.9:8000");
        Assert.Contains("\"ready\":2", await QueuesAsync("100.64.9.9"), StringComparison.Ordinal);
        Assert.Equal(["100.64.9.9:8000", "127.0.0.1:8000"], await ListeningAsync());
        await network.AddAddressAsync("100.64.7.8/32", Interface);
        Assert.Null(await GetAsync("100.64.7.8", "/health"));
        Assert.Contains("""["100.64.9.9:8000","127.0.0.1:8000"]""", await GetAsync("127.0.0.1", "/health/ready"), StringComparison.Ordinal);

        // And back to the first.
        await network.RemoveAddressAsync("100.64.9.9/32", Interface);
        await BrokerFixture.EventuallyAsync(async () => (await QueuesAsync("100.64.7.8"))?.Contains("\"ready\":2", StringComparison.Ordinal) == true);
        Assert.Equal(0, await broker.StopAsync());
    }

    /// <summary>It never takes another address instead: after the time it waits it ends, for the service manager to try again.</summary>
    [Fact]
    public async Task WithoutATailnetItEndsWith75()
    {
        var clock = new MachineClock(BrokerFixture.Beginning);
        var options = new BrokerOptions { DatabasePath = folder.File("broker.db"), BotToken = BrokerProcess.BotToken, WorkerToken = BrokerProcess.WorkerToken,
            Port = 0, Host = "tailscale", TailscaleInterface = "no-such-one" };
        var start = BrokerHost.BuildAsync(options, clock);
        await BrokerFixture.EventuallyAsync(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            return Task.FromResult(start.IsCompleted);
        });
        var refused = await Assert.ThrowsAsync<StartException>(() => start);
        Assert.Equal(ExitCodes.Temporary, refused.ExitCode);
        Assert.Contains("no-such-one", refused.Message, StringComparison.Ordinal);
        Assert.True(clock.GetUtcNow() - BrokerFixture.Beginning >= TimeSpan.FromSeconds(30));
    }

    private ProgramProcess Start(params (string Name, string Value)[] more)
    {
        var environment = new Dictionary<string, string>
        {
            [Variables.BrokerDb] = folder.File("broker.db"),
            [Variables.BrokerHost] = "tailscale",
            [Variables.BrokerPort] = $"{Port}",
            [Variables.BotToken] = BrokerProcess.BotToken,
            [Variables.WorkerToken] = BrokerProcess.WorkerToken,
        };
        foreach (var (name, value) in more) environment[name] = value;
        return network.Start(environment, "dotnet", Repository.Broker);
    }

    /// <summary>The answer's body; null where nobody answers.</summary>
    private async Task<string?> GetAsync(string host, string path, params string[] more)
    {
        var (code, output) = await network.TryAsync(["curl", "-s", "--globoff", "--max-time", "20", .. more, $"http://{host}:{Port}{path}"]);
        return code == 0 ? output : null;
    }

    private Task<string?> PostAsync(string host, string payload) => GetAsync(host, "/jobs", "-H", $"X-Bot-Token: {BrokerProcess.BotToken}",
        "-d", $$"""{"command":"ping","payload":"{{payload}}"}""", "-H", "Content-Type: application/json");

    private Task<string?> QueuesAsync(string host) => GetAsync(host, "/queues", "-H", $"X-Bot-Token: {BrokerProcess.BotToken}");

    private Task HealthBecomesAsync(bool ok) => BrokerFixture.EventuallyAsync(async () =>
        await GetAsync("127.0.0.1", "/health") == $$"""{"ok":{{(ok ? "true" : "false")}},"ts_bound":true}""");

    private async Task<List<string>> ListeningAsync() => [.. (await network.RunAsync("ss", "-Hltn")).Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(static l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3]).Order(StringComparer.Ordinal)];
}
