using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;

namespace OpenClaw.Broker.Tests;

/// <summary>Batches, and what waits for their ends.</summary>
public sealed partial class LinksTests
{
    [Fact]
    public async Task BatchIsMadeInOneCommitWithAnOutcomeForEach()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var answer = await BatchAsync(broker, new
        {
            jobs = new object[]
            {
                new { command = "ping", payload = "last", depends_on = new[] { "b", "a" } }, new { command = "ping", payload = "1", @ref = "a" },
                new { command = "ping", payload = 7, @ref = "wrong" }, new { command = "ping", payload = "2", @ref = "b", depends_on = new[] { "a" } },
                new { command = "ping", payload = "never", depends_on = new object[] { new { @ref = "wrong", if_failed = "run" } } }, 5,
            },
        });
        var jobs = answer["jobs"]!.AsArray();
        Assert.Equal([true, true, false, true, false, false], jobs.Select(static j => j!["id"] is not null));
        Assert.Equal("""["body","jobs","2","payload"]""", jobs[2]!["error"]!["detail"]![0]!["loc"]!.ToJsonString());
        Assert.Equal("""["body","jobs","4","depends_on"]""", jobs[4]!["error"]!["detail"]![0]!["loc"]!.ToJsonString());
        Assert.Equal((422, "invalid"), ((int)jobs[5]!["error"]!["status"]!, (string)jobs[5]!["error"]!["code"]!));
        var batch = (string)answer["batch"]!;
        Assert.Equal(3, (await broker.Client().ListAsync(new Client.JobFilter { Batch = batch })).Jobs.Count);
        foreach (var (n, payload) in new[] { (1, "1"), (3, "2"), (0, "last") })
        {
            Assert.Equal(payload, (await FinishNextAsync(broker, (string)jobs[n]!["id"]!, "r")).Payload);
        }
    }

    [Theory]
    [InlineData("""{"jobs":[]}""", "jobs")]
    [InlineData("""{"jobs":{}}""", "jobs")]
    [InlineData("""{"jobs":[{"command":"p","payload":"","ref":"a","depends_on":["b"]},{"command":"p","payload":"","ref":"b","depends_on":["a"]}]}""", "cycle")]
    [InlineData("""{"jobs":[{"command":"ping","payload":"","ref":"a","depends_on":["a"]}]}""", "cycle")]
    [InlineData("""{"jobs":[{"command":"ping","payload":"","depends_on":["x"]}]}""", "no_such_ref")]
    [InlineData("""{"jobs":[{"command":"ping","payload":"","ref":"a"},{"command":"ping","payload":"","ref":"a"}]}""", "ref")]
    [InlineData("""{"jobs":[{"command":"ping","payload":""}],"batch":{"on_success":{"command":"ping"}}}""", "on_success")]
    [InlineData("""{"jobs":[{"command":"ping","payload":""}],"batch":5}""", "batch")]
    public async Task WrongBatchIsRefusedWhole(string body, string named)
    {
        await using var broker = await BrokerFixture.StartAsync();
        using var answer = await broker.BotAsync(HttpMethod.Post, "jobs/batch", new StringContent(body, null, "application/json"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Contains(named, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty((await broker.Client().ListAsync(new Client.JobFilter())).Jobs);
    }

    [Fact]
    public async Task SameKeyMakesTheSameBatchAndAnswersTheSame()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var body = JsonSerializer.Serialize(new
        {
            jobs = new object[]
            {
                new { command = "ping", payload = 7 }, new { command = "ping", payload = "1" },
                new { command = "ping", payload = "2", unique = new { key = "k" } },
            },
            batch = new { on_complete = new { command = "ping", payload = "end" } },
        });
        var first = await SendAsync("key-1", body);
        Assert.Equal((HttpStatusCode.OK, first.Text), (first.Status, (await SendAsync("key-1", body)).Text));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await SendAsync("key-1", body.Replace("end", "ende", StringComparison.Ordinal))).Status);
        Assert.Equal(3, (await broker.Client().ListAsync(new Client.JobFilter())).Jobs.Count);
        var second = await SendAsync("key-2", body); // the one with the unique key stands for its like
        Assert.Equal((string)JsonNode.Parse(first.Text)!["jobs"]![2]!["id"]!, (string)JsonNode.Parse(second.Text)!["jobs"]![2]!["id"]!);
        Assert.False((bool)JsonNode.Parse(second.Text)!["jobs"]![2]!["created"]!);
        Assert.Equal(second.Text, (await SendAsync("key-2", body)).Text);
        Assert.Equal(5, (await broker.Client().ListAsync(new Client.JobFilter())).Jobs.Count);

        async Task<(HttpStatusCode Status, string Text)> SendAsync(string key, string json)
        {
            using var content = new StringContent(json, null, "application/json");
            using var answer = await broker.BotAsync(HttpMethod.Post, "jobs/batch", content, key);
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task BatchesEndIsHeardOnceWhateverIsKilled(bool isOk)
    {
        await using var broker = await BrokerFixture.StartAsync();
        var answer = await BatchAsync(broker, new
        {
            jobs = new[] { new { command = "ping", payload = "1" }, new { command = "ping", payload = "2" } },
            batch = new { on_success = new { command = "ping", payload = "yes" }, on_complete = new { command = "ping", payload = "end" } },
        });
        var (success, complete, batch) = ((string)answer["on_success"]!, (string)answer["on_complete"]!, (string)answer["batch"]!);
        await ExplainTests.ExpectAsync(broker, success, "awaiting_parents", $"batch {batch}");
        var last = await CreateAsync(broker, new { batch, payload = "added" });
        await FinishNextAsync(broker, null, "r");
        if (isOk) await FinishNextAsync(broker, null, "r");
        else await RetryTests.FailAsync(broker, await broker.ClaimSoonAsync("anna"), new { error = "e" });
        var failed = (string)answer["jobs"]![1]!["id"]!;
        Assert.Equal("held", (await broker.GetAsync(complete)).State);
        await FinishNextAsync(broker, last, "r");
        await using (var after = await broker.KilledHereAsync()) await HeardAsync(after);
        await HeardAsync(broker);
        using (var late = await broker.BotAsync("jobs", new { command = "ping", payload = "p", batch }))
        {
            Assert.Equal((HttpStatusCode.Conflict, "batch_ended"), (late.StatusCode, (string)(await late.Content.ReadFromJsonAsync<JsonObject>())!["code"]!));
        }
        if (isOk) return;
        using (var retried = await broker.BotAsync($"jobs/{failed}/retry", new { children = true })) retried.EnsureSuccessStatusCode();
        Assert.Equal("held", (await broker.GetAsync(success)).State); // waits for the batch again; what has been set off stays
        Assert.Equal("queued", (await broker.GetAsync(complete)).State);
        var claimed = await broker.ClaimSoonAsync("anna");
        while (claimed.Id != failed) claimed = await broker.ClaimSoonAsync("anna");
        await broker.Client("anna").FinishAsync(failed, claimed.LeaseToken, "r");
        await BrokerFixture.EventuallyAsync(async () => (await broker.GetAsync(success)).State == "queued");

        async Task HeardAsync(BrokerFixture there)
        {
            await BrokerFixture.EventuallyAsync(async () => (await there.GetAsync(complete)).State == "queued");
            await BrokerFixture.EventuallyAsync(async () => (await there.GetAsync(success)).State == (isOk ? "queued" : "cancelled"));
            if (!isOk) Assert.Equal($"cancelled: batch {batch} has jobs that failed", (await there.GetAsync(success)).Error);
        }
    }

    [Fact]
    public async Task BatchIsWithinTheLimits()
    {
        await using var broker = await BrokerFixture.StartAsync(configure: static o => o with { MaxQueuedJobs = 4, JobsPerMinute = 6 });
        var four = await BatchAsync(broker, new { jobs = Enumerable.Repeat(new { command = "ping", payload = "p" }, 5).ToArray() });
        Assert.Equal([null, null, null, null, "queue_full"], four["jobs"]!.AsArray().Select(static j => (string?)j!["error"]?["code"]));
        for (var n = 0; n < 4; n++) await FinishNextAsync(broker, null, "r");
        var two = await BatchAsync(broker, new { jobs = Enumerable.Repeat(new { command = "ping", payload = "p" }, 3).ToArray() });
        Assert.Equal([null, null, "rate_limited"], two["jobs"]!.AsArray().Select(static j => (string?)j!["error"]?["code"]));
    }

    /// <summary>A thousand jobs, and one after all of them: none is lost, in whatever order they end.</summary>
    [Fact]
    public async Task ThousandJobsAreOneBatch()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var answer = await BatchAsync(broker, new
        {
            jobs = Enumerable.Range(0, 1000).Select(static n => new { command = "ping", payload = $"{n}" }).ToArray(),
            batch = new { on_success = new { command = "ping", payload = "yes" } },
        });
        Assert.All(answer["jobs"]!.AsArray(), static j => Assert.Equal("queued", (string)j!["status"]!));
        var left = 1000;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async worker =>
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                var job = await broker.ClaimSoonAsync($"w{worker}");
                await broker.Client($"w{worker}").FinishAsync(job.Id, job.LeaseToken, "r");
            }
        }));
        Assert.Equal((string)answer["on_success"]!, (await broker.ClaimSoonAsync("anna")).Id);
        using var tooMany = await broker.BotAsync("jobs/batch", new { jobs = Enumerable.Repeat(new { command = "ping", payload = "p" }, 1001).ToArray() });
        Assert.Equal(HttpStatusCode.UnprocessableEntity, tooMany.StatusCode);
    }
}
