using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenClaw.Testing;
using OpenClaw.Testing.Http;

namespace OpenClaw.Broker.Tests;

/// <summary>Texts and secrets are in no line of the log, however much is logged.</summary>
public sealed class CanaryTests
{
    [Fact]
    public async Task NoTextAndNoSecretIsLoggedAtAnyLevel()
    {
        using var lines = new EveryLine();
        string leaseToken;
        await using (var broker = await BrokerFixture.StartAsync(silo: silo => silo.Services.AddLogging(logging =>
            logging.AddProvider(lines).AddFilter<EveryLine>(null, LogLevel.Trace))))
        {
            using var api = new Api(broker.Url, BrokerProcess.BotToken, BrokerProcess.WorkerToken);
            leaseToken = await LiveAsync(broker, api);
        }
        Assert.Contains(lines.All, static l => l.Level == LogLevel.Trace);
        foreach (var secret in (string[])[leaseToken, BrokerProcess.BotToken, BrokerProcess.WorkerToken, "canary"])
        {
            var found = lines.All.Where(l => l.Text.Contains(secret, StringComparison.Ordinal)).Take(5).ToList();
            Assert.True(found.Count == 0, string.Join('\n', found.Select(l => $"{l.Level} {l.Category}: {(l.Text.Length > 600 ? l.Text[..600] : l.Text)}")));
        }
    }

    /// <summary>All that can happen to jobs, with canaries in every text and secret.</summary>
    /// <returns>A claim's lease token.</returns>
    private static async Task<string> LiveAsync(BrokerFixture broker, Api api)
    {
        const string Claim = "X-Claim-Id: claim-canary";
        for (var n = 0; n < 3; n++) await CreateAsync(api, n);
        await CreateAsync(api, 0); // the same key again
        var first = await api.TakeAsync(Claim, "X-Worker-Id: w1");
        await api.TakeAsync(Claim, "X-Worker-Id: w1");
        await api.DoAsync(first.Id(), "heartbeat", null, first.Fence());
        await api.DoAsync(first.Id(), "release", null, first.Fence());
        await api.FinishAsync(first.Id(), "result-canary", "X-Lease-Token: lease-canary");
        var again = await api.PollAsync(10);
        await api.FailAsync(again.Job!.Value.Id(), "error-canary", again.Job.Value.Fence());
        var second = await api.TakeAsync("X-Claim-Id: claim-canary-2");
        await api.FinishAsync(second.Id(), "result-canary" + new string('x', 100_000), second.Fence());
        await api.CancelAsync(second.Id(), """{"reason":"reason-canary"}""");
        var third = await api.TakeAsync("X-Claim-Id: claim-canary-3", "X-Worker-Id: w2");
        await api.CancelAsync(third.Id(), """{"reason":"reason-canary"}""");
        broker.Clock.Advance(broker.Lease * 2);
        await BrokerFixture.EventuallyAsync(async () => (await api.JobAsync(third.Id())).Text("state") == "cancelled");
        foreach (var id in (string[])[first.Id(), second.Id(), third.Id()]) await api.ReadAsync(id, "?wait=1");
        await api.GetAsync("/jobs?limit=3", api.Bot);
        await api.GetAsync("/jobs?worker=w1", "X-Bot-Token: wrong-token-canary");
        await api.GetAsync("/jobs/next", "X-Worker-Token: wrong-token-canary");
        await api.CreateFromAsync("""{"command":"ping","payload":["payload-canary"]}""");
        await api.CreateFromAsync("""{"command":"ping","payload":"payload-canary""");
        await api.FinishAsync(first.Id(), "\ud800result-canary");
        await api.PostAsync("/queues/default/pause", null, api.Bot);
        await api.PostAsync("/queues/default/resume", null, api.Bot);
        broker.OnCall = static call => call.InterfaceMethod.Name == "ApplyAsync" ? throw new InvalidOperationException("broken by a test") : call.Invoke();
        Assert.Equal(500, (await api.FinishAsync(first.Id(), "result-canary", first.Fence())).Status);
        Assert.Equal(500, (await api.FailAsync(first.Id(), "error-canary", first.Fence())).Status);
        broker.OnCall = static call => call.Invoke();
        foreach (var id in (string[])[first.Id(), second.Id()]) await api.SendAsync(HttpMethod.Delete, $"/jobs/{id}", null, api.Bot);
        await broker.StartAgainAsync();
        return first.Text("lease_token")!;
    }

    private static Task<Answer> CreateAsync(Api api, int n) => api.CreateFromAsync(
        $$"""{"command":"ping","payload":"payload-canary-{{n}}{{new string('x', n * 60_000)}}"}""", $"Idempotency-Key: key-canary-{n}");

    /// <summary>Keeps all that anybody logs, scopes and facts included.</summary>
    [ProviderAlias("EveryLine")]
    private sealed class EveryLine : ILoggerProvider
    {
        private readonly ConcurrentQueue<(LogLevel Level, string Category, string Text)> lines = new();

        public IReadOnlyCollection<(LogLevel Level, string Category, string Text)> All => lines;

        public ILogger CreateLogger(string categoryName) => new Logger(lines, categoryName);

        public void Dispose()
        {
        }

        private sealed class Logger(ConcurrentQueue<(LogLevel, string, string)> lines, string category) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull
            {
                lines.Enqueue((LogLevel.None, category, Describe(state)));
                return null;
            }

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
                lines.Enqueue((logLevel, category, $"{formatter(state, exception)} {Describe(state)} {exception}"));

            private static string Describe<TState>(TState state)
            {
                if (state is not IEnumerable<KeyValuePair<string, object?>> facts) return $"{state}";
                var text = new StringBuilder();
                foreach (var (name, value) in facts) text.Append(name).Append('=').Append(value).Append(' ');
                return text.ToString();
            }
        }
    }
}
