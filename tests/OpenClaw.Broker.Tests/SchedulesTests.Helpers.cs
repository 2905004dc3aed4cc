using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using OpenClaw.Broker.Schedules;

namespace OpenClaw.Broker.Tests;

/// <summary>What the tests of schedules share.</summary>
public sealed partial class SchedulesTests
{
    private static long Start { get; } = BrokerFixture.Beginning.ToUnixTimeSeconds();

    private static string Body(string name, string fields, string job = """{"command": "ping", "payload": "p"}""") =>
        $$"""{"name": "{{name}}", {{fields}}, "job": {{job}}}""";

    private static async Task<JsonNode> MakeAsync(BrokerFixture broker, string fields)
    {
        var made = await Caller.Bot(broker).PostAsync("schedules", Body("s", fields));
        Assert.True(made.Status == HttpStatusCode.OK, made.Text);
        return made.Json;
    }

    private static async Task<JsonNode> GetAsync(BrokerFixture broker) => (await Caller.Bot(broker).GetAsync("schedules/s")).Json;

    private static Task<Reply> PatchAsync(BrokerFixture broker, string body, params string[] headers) =>
        Caller.Bot(broker).SendAsync(HttpMethod.Patch, "schedules/s", body, headers);

    private static Task<Reply> BackfillAsync(BrokerFixture broker, long from, long to) =>
        Caller.Bot(broker).PostAsync("schedules/s/backfill", $$"""{"from": {{from}}, "to": {{to}}}""");

    /// <summary>Lets seconds pass, until there are so many jobs of ticks.</summary>
    private static async Task TickAsync(BrokerFixture broker, int seconds, int jobs)
    {
        broker.Clock.Advance(TimeSpan.FromSeconds(seconds));
        await UntilAsync(broker, jobs);
    }

    private static Task UntilAsync(BrokerFixture broker, int jobs) => BrokerFixture.EventuallyAsync(
        () => Task.FromResult(broker.Query<long>("select count(*) from job where tick is not null") >= jobs), () => $"only {Ticks(broker)}");

    /// <summary>Lets seconds pass, and all that they bring about.</summary>
    private static async Task PassAsync(BrokerFixture broker, int seconds)
    {
        broker.Clock.Advance(TimeSpan.FromSeconds(seconds));
        var grain = broker.Grains.GetGrain<IScheduleGrain>("s");
        for (var n = 0; n < 3; n++)
        {
            await grain.WakeAsync();
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
    }

    private static async Task FinishAsync(BrokerFixture broker)
    {
        var claim = await broker.ClaimSoonAsync();
        using var answer = await broker.PostAsync($"jobs/{claim.Id}/result", claim.LeaseToken, null, new { result = "r" });
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    /// <summary>The ticks that have a job, in the order in which those were made, in seconds since the test began.</summary>
    private static string? Ticks(BrokerFixture broker) =>
        broker.Query<string>($"select group_concat(tick / 1000 - {Start}) from (select tick from job where tick is not null order by seq)");

    private static string Relative(JsonNode times) => string.Join(',', times.AsArray().Select(static t => (long)t! - Start));

    private static long Reminders(BrokerFixture broker) =>
        broker.Query<long>("select count(*) from OrleansRemindersTable where ReminderName = 'ticks'");

    private static void AssertWrong(Reply reply, string field, string why)
    {
        Assert.True((HttpStatusCode.UnprocessableEntity, "invalid") == (reply.Status, reply.Code), reply.Text);
        var error = reply.Json["detail"]!.AsArray().Single(e => (string?)e!["loc"]![1] == field)!;
        Assert.Contains(why, (string)error["msg"]!, StringComparison.Ordinal);
    }

    private sealed class Lines : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> lines = new();

        public string[] Refusals => [.. lines.Where(static l => l.Contains("could not make the job", StringComparison.Ordinal))];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel == LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
