using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpenClaw.Contracts;
using OpenClaw.Testing;

namespace OpenClaw.Broker.Tests;

/// <summary>Finding jobs, and changing all that a filter finds.</summary>
public sealed class ManyJobsTests
{
    [Fact]
    public async Task ListFindsByEveryFilterInBothOrders()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var start = broker.NowMs / 1000;
        var ids = new List<string>();
        foreach (var n in Enumerable.Range(0, 5))
        {
            ids.Add(await RetryTests.CreateAsync(broker, new { command = n < 3 ? "ping" : "render", payload = $"file {n} of Anna's",
                tags = n % 2 == 0 ? new[] { "even", "x" } : ["odd"], requester = n == 1 ? "anna" : null }));
            broker.Clock.Advance(TimeSpan.FromSeconds(10));
        }
        await RetryTests.FailAsync(broker, (await broker.ClaimAsync("w"))!, new { error = "no space left" });
        Assert.Equal("43210", await FindAsync(""));
        Assert.Equal("01234", await FindAsync("order=oldest"));
        Assert.Equal("420", await FindAsync("tag=even"));
        Assert.Equal("1", await FindAsync("requester=anna"));
        Assert.Equal("43", await FindAsync("text=nder"));
        Assert.Equal("2", await FindAsync("text=file 2 of Anna's"));
        Assert.Equal("0", await FindAsync("text=space left"));
        Assert.Equal("", await FindAsync("text=%25"));
        Assert.Equal("43", await FindAsync($"created_after={start + 30}"));
        Assert.Equal("10", await FindAsync($"created_before={start + 20}"));
        Assert.Equal("2", await FindAsync("state=queued,failed&command=ping&tag=even&created_after=" + (start + 1).ToString(CultureInfo.InvariantCulture)));
        var (page, next) = await PageAsync("order=oldest&limit=2");
        Assert.Equal("01", page);
        Assert.Equal("23", (await PageAsync($"order=oldest&limit=2&cursor={next}")).Ids);
        foreach (var bad in (string[])["order=up", "created_after=x", "created_before=-1", $"text={new string('x', 300)}"])
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, (await GetAsync(bad)).StatusCode);
        }

        async Task<string> FindAsync(string query) => (await PageAsync(query)).Ids;

        async Task<(string Ids, string? Next)> PageAsync(string query)
        {
            using var answer = await GetAsync(query);
            var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
            return (string.Concat(body["jobs"]!.AsArray().Select(j => ids.IndexOf((string)j!["id"]!))), (string?)body["next"]);
        }

        async Task<HttpResponseMessage> GetAsync(string query)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, $"jobs?{query}");
            request.Headers.Add(HeaderNames.BotToken, BrokerProcess.BotToken);
            return await broker.Http.SendAsync(request);
        }
    }

    [Fact]
    public async Task ManyAreRetriedCancelledAndDeletedAfterADryRun()
    {
        await using var broker = await BrokerFixture.StartAsync();
        foreach (var tag in "aaaabb") await RetryTests.CreateAsync(broker, new { command = "ping", payload = "p", tags = new[] { tag } });
        foreach (var _ in Enumerable.Range(0, 5)) await RetryTests.FailAsync(broker, (await broker.ClaimAsync("w"))!, new { error = "e" });
        Assert.Equal((4, 0, 4), await AskAsync("retry", new { filter = new { tag = "a" }, dry_run = true }));
        Assert.Equal(5, broker.Query<long>("select count(*) from job where state = 'failed'"));
        Assert.Equal((3, 3, 3), await AskAsync("retry", new { filter = new { tag = "a", order = "oldest" }, limit = 3 }));
        Assert.Equal("failed 2, queued 4",
            broker.Query<string>("select group_concat(s, ', ') from (select state || ' ' || count(*) as s from job group by state)"));
        Assert.Equal((2, 2, 2), await AskAsync("delete", new { filter = new { state = "failed,queued" } }));
        Assert.Equal((4, 4, 4), await AskAsync("cancel", new { filter = new { }, reason = "enough" }));
        Assert.Equal(4, broker.Query<long>("select count(*) from job where state = 'cancelled' and cast(error as text) = 'cancelled: enough'"));
        Assert.Equal((0, 0, 0), await AskAsync("retry", new { filter = new { state = "done" } }));
        Assert.Equal(2, broker.Query<long>("select sum(length(entries) - length(replace(entries, 'job.delete', ''))) / length('job.delete') from audit"));
        foreach (var bad in (object[])[new { }, new { filter = "x" }, new { filter = new { }, limit = 1001 }, new { filter = new { state = "odd" } }])
        {
            using var refused = await broker.BotAsync("jobs/cancel", bad);
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        }

        async Task<(int Matched, int Changed, int Ids)> AskAsync(string what, object body)
        {
            using var answer = await broker.BotAsync($"jobs/{what}", body);
            var said = JsonSerializer.Deserialize<JsonObject>(await answer.Content.ReadAsStringAsync())!;
            Assert.True(answer.IsSuccessStatusCode, said.ToJsonString());
            return ((int)said["matched"]!, (int)said["changed"]!, said["ids"]!.AsArray().Count);
        }
    }

    [Fact]
    public async Task PauseEndsByItselfAndWakesWhoWaits()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await broker.CreateAsync();
        using (var paused = await broker.BotAsync("queues/default/pause", new { reason = "tea", seconds = 50 }))
        {
            Assert.Equal(broker.NowMs / 1000 + 50, (long?)JsonNode.Parse(await paused.Content.ReadAsStringAsync())!["until"]);
        }
        await broker.StartAgainAsync(); // kept, with its end
        Assert.Null(await broker.ClaimAsync());
        var poll = broker.Client("anna").ClaimAsync("c", TimeSpan.FromSeconds(55));
        broker.Clock.Advance(TimeSpan.FromSeconds(49));
        Assert.Null(await broker.ClaimAsync());
        broker.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(id, (await poll)!.Id);
        using var bad = await broker.BotAsync("queues/default/pause", new { seconds = 1, until = 5 });
        Assert.Equal(HttpStatusCode.UnprocessableEntity, bad.StatusCode);
    }

    [Fact]
    public async Task DrainedBrokerTakesJobsAndHandsOutNone()
    {
        await using var broker = await BrokerFixture.StartAsync();
        await broker.CreateAsync();
        var running = (await broker.ClaimAsync("anna"))!;
        using (var drained = await broker.BotAsync("drain", new { reason = "new disk" })) drained.EnsureSuccessStatusCode();
        var waiting = await broker.CreateAsync();
        await broker.StartAgainAsync();
        Assert.Null(await broker.ClaimAsync("bert"));
        Assert.Contains("drained by bot: new disk", await broker.Http.GetStringAsync("health/ready"), StringComparison.Ordinal);
        using (var done = await broker.PostAsync($"jobs/{running.Id}/result", running.LeaseToken, "anna", new { result = "r" })) done.EnsureSuccessStatusCode();
        var poll = broker.Client("bert").ClaimAsync("c", TimeSpan.FromSeconds(50));
        using (var undrained = await broker.BotAsync("undrain", new { })) undrained.EnsureSuccessStatusCode();
        Assert.Equal(waiting, (await poll)!.Id);
        using (var drained = await broker.BotAsync("queues/default/drain", new { })) drained.EnsureSuccessStatusCode();
        await broker.CreateAsync();
        Assert.Null(await broker.ClaimAsync());
    }
}
