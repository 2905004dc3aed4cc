using System.Text.Json;
using OpenClaw.Client;
using OpenClaw.Programs;
using OpenClaw.Runner.Handlers;
using OpenClaw.Runner.Outbox;
using OpenClaw.Testing;

namespace OpenClaw.Runner.Tests;

/// <summary>A runner with several places claims and delivers together what comes together.</summary>
public sealed class BatchTests : IDisposable
{
    private const string Done = """{"id":"x","ok":true,"status":"done"}""";
    private static readonly ScriptedAnswer Queued = ScriptedAnswer.Ok("""{"ok":true,"status":"queued"}""");
    private readonly WatchedClock clock = new();
    private readonly TempFolder folder = new();
    private readonly HttpClient http = BrokerHttp.Create();
    private readonly StringWriter log = new();
    private readonly TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Delivery delivery = null!;

    public void Dispose()
    {
        http.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task AClaimAsksForAsManyAsThereArePlacesFree()
    {
        var claims = 0;
        await using var broker = new ScriptedBroker(r => !IsClaim(r) ? Queued : ++claims == 1 ? Jobs(1, 2) : ScriptedAnswer.Hold);
        var handler = new HeldHandler();
        await using var worker = new RunningWorker(broker.Url, clock, handler, concurrency: 5);
        Assert.Equal("?wait=30&max=5", (await broker.NextAsync("/jobs/next")).Query);
        Assert.Equal("?wait=30&max=3", (await broker.NextAsync("/jobs/next")).Query);
        await handler.StartedAsync();
        await handler.StartedAsync();
    }

    [Fact]
    public async Task MoreThanWasAskedForIsLeftAlone()
    {
        var claims = 0;
        await using var broker = new ScriptedBroker(r => !IsClaim(r) ? Queued : ++claims == 1 ? Jobs(1, 2, 3) : ScriptedAnswer.Hold);
        var handler = new HeldHandler();
        await using var worker = new RunningWorker(broker.Url, clock, handler, concurrency: 2);
        await worker.LoggedAsync("more than was asked for");
        await handler.StartedAsync();
        await handler.StartedAsync();
        Assert.DoesNotContain("runner ends", worker.Log, StringComparison.Ordinal);
    }

    /// <summary>Its place is free again though others keep on coming.</summary>
    [Fact]
    public async Task TheFirstOfABatchWaitsForNoneThatComesLater()
    {
        var second = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var broker = Gated(ScriptedAnswer.Ok("{}"), r => r.Path.EndsWith("/results", StringComparison.Ordinal) ? second.Task : null);
        var first = delivery.DeliverAsync(Outcome(1), default);
        var others = Task.WhenAll(delivery.DeliverAsync(Outcome(2), default), delivery.DeliverAsync(Outcome(3), default));
        gate.SetResult();
        await first.WaitAsync(Broken.After);
        Assert.False(others.IsCompleted);
        second.SetResult();
        await others.WaitAsync(Broken.After);
    }

    [Fact]
    public async Task OutcomesThatComeTogetherGoTogether()
    {
        await using var broker = Gated(ScriptedAnswer.Ok($$"""{"results":[{{Done}},{{Done}},{{Done}}]}"""));
        await DeliverAsync();
        await broker.NextAsync($"/jobs/{Id(1)}/result");
        var sent = JsonDocument.Parse((await broker.NextAsync("/jobs/results")).Body).RootElement.GetProperty("results").EnumerateArray().ToList();
        Assert.Equal([Id(2), Id(3), Id(4)], sent.Select(r => r.GetProperty("id").GetString()));
        Assert.All(sent, r => Assert.Equal("lease-1", r.GetProperty("lease_token").GetString()));
        Assert.Equal(["r2", "r3"], sent.Take(2).Select(r => r.GetProperty("result").GetString()));
        Assert.Equal("e4", sent[2].GetProperty("error").GetString());
        Assert.Empty(Outbox);
    }

    [Fact]
    public async Task EachOutcomeOfABatchIsAnsweredByItself()
    {
        const string Lost = """{"id":"x","ok":false,"error":{"status":409,"detail":"another has it","code":"lease_lost","state":"running"} }""";
        const string Full = """{"id":"x","ok":false,"error":{"status":507,"detail":"the disk is full","code":"storage_full"} }""";
        await using var broker = Gated(ScriptedAnswer.Ok($$"""{"results":[{{Done}},{{Lost}},{{Full}}]}"""));
        await DeliverAsync();
        Assert.Equal([$"{Id(4)}.1.fail.json"], Outbox);
        Assert.Equal([$"{Id(3)}.1.result.json"], Names("outbox/orphans"));
        Assert.Contains("the disk is full", log.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(404, 0)]
    [InlineData(405, 0)]
    [InlineData(413, 0)]
    [InlineData(503, 3)]
    [InlineData(401, 3)]
    public async Task ABatchThatIsRefusedAsAWholeGoesOneByOneOrStays(int status, int left)
    {
        await using var broker = Gated(ScriptedAnswer.Problem(status, "any"));
        await DeliverAsync();
        Assert.Equal(left, Outbox.Length);
        Assert.Empty(Names("outbox/orphans"));
    }

    [Theory]
    [InlineData("""{"results":[]}""")]
    [InlineData("""{"ok":true}""")]
    public async Task ABatchWhoseAnswerSaysNothingOfItsOutcomesStays(string answer)
    {
        await using var broker = Gated(ScriptedAnswer.Ok(answer));
        await DeliverAsync();
        Assert.Equal(3, Outbox.Length);
    }

    [Fact]
    public async Task ALongOutcomeWaitsForNoOtherAndHoldsUpNone()
    {
        await using var broker = Gated(ScriptedAnswer.Ok("{}"));
        var first = delivery.DeliverAsync(Outcome(1), default);
        await delivery.DeliverAsync(Outcome(2) with { Text = new string('x', 20_000) }, default);
        gate.SetResult();
        await first;
        Assert.Empty(Outbox);
    }

    [Fact]
    public async Task ABrokerThatHandsOutOneAtATimeIsAskedAgain()
    {
        var next = 0;
        await using var broker = new ScriptedBroker(r => !IsClaim(r) ? ScriptedAnswer.Ok("""{"ok":true,"status":"done"}""")
            : next < 3 ? ScriptedAnswer.Job(Id(++next), "test", "", leaseToken: null) : ScriptedAnswer.Hold);
        await using var worker = new RunningWorker(broker.Url, clock, new QuickHandler(new Succeeded("r")), concurrency: 3);
        for (var n = 0; n < 3; n++) await worker.LoggedAsync("outcome delivered");
        Assert.DoesNotContain(broker.Take(), r => r.Path.EndsWith("/results", StringComparison.Ordinal));
    }

    [Fact]
    public async Task JobsThatMayHaveComeAtTheLastMomentGoBack()
    {
        var claims = 0;
        await using var broker = new ScriptedBroker(r => !IsClaim(r) ? Queued : ++claims == 1 ? ScriptedAnswer.Hold : Jobs(1, 2));
        await using var worker = new RunningWorker(broker.Url, clock, new HeldHandler(), concurrency: 2);
        await broker.NextAsync("/jobs/next");
        clock.Advance(TimeSpan.FromSeconds(5));
        worker.Stop();
        Assert.Equal("?max=2", (await broker.NextAsync("/jobs/next")).Query);
        await broker.NextAsync($"/jobs/{Id(1)}/release");
        await broker.NextAsync($"/jobs/{Id(2)}/release");
        await worker.EndedAsync();
    }

    /// <summary>A broker that does not answer about the first job until all outcomes are on their way.</summary>
    /// <param name="holdsUp">What else its answers wait for.</param>
    private ScriptedBroker Gated(ScriptedAnswer toBatch, Func<ScriptedRequest, Task?>? holdsUp = null)
    {
        var broker = new ScriptedBroker(r =>
        {
            if (r.Path.EndsWith("/results", StringComparison.Ordinal)) return toBatch;
            return ScriptedAnswer.Ok("""{"ok":true,"status":"done"}""");
        })
        {
            HoldsUp = r => r.Path.Contains(Id(1), StringComparison.Ordinal) ? gate.Task : holdsUp?.Invoke(r) ?? Task.CompletedTask,
        };
        var runnerLog = new RunnerLog(log, clock);
        var client = new BrokerClient(http, broker.Url, new BrokerCredentials { WorkerToken = RunningWorker.Token, WorkerId = "w" }, clock);
        delivery = new Delivery(client, new OutboxFolder(folder.Path, runnerLog, clock), new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(8), () => 1),
            new BrokerContact(runnerLog, TimeSpan.FromSeconds(8)), runnerLog, clock);
        return broker;
    }

    private async Task DeliverAsync()
    {
        var all = Enumerable.Range(1, 4).Select(n => delivery.DeliverAsync(Outcome(n), default)).ToList();
        gate.SetResult();
        await Task.WhenAll(all).WaitAsync(Broken.After);
    }

    private static StoredOutcome Outcome(int n) => new(Id(n), 1, "lease-1", n < 4 ? OutcomeKind.Result : OutcomeKind.Fail, n < 4 ? $"r{n}" : $"e{n}");

    private string[] Outbox => Names("outbox");

    private string[] Names(string path) => [.. Directory.GetFiles(folder.File(path)).Select(f => Path.GetFileName(f))];

    private static bool IsClaim(ScriptedRequest request) => request.Path.EndsWith("/next", StringComparison.Ordinal);

    private static string Id(int n) => $"{n}1111111-1111-4111-8111-111111111111";

    private static ScriptedAnswer Jobs(params int[] numbers) => ScriptedAnswer.Ok("{\"jobs\":[" + string.Join(',', numbers.Select(JobJson)) + "]}");

    private static string JobJson(int n) => $$"""
        {"id":"{{Id(n)}}","status":"running","state":"running","command":"test","payload":"","attempt":1,"lease_seconds":30,"lease_token":"lease-1"}
        """;
}
