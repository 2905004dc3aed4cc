using System.Net.Http.Json;
using System.Text.Json;
using OpenClaw.Contracts;
using OpenClaw.Testing;

namespace OpenClaw.Broker.Tests;

/// <summary>What jobs write while they run: had once, kept within limits, followed without a gap.</summary>
public sealed partial class StreamsTests
{
    private const int Second = 1000;

    [Fact]
    public async Task PiecesAreHadOnceInTheOrderOfTheirNumbers()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var job = await StartJobAsync(broker);
        var first = await SendAsync(broker, job, Many((1, "a"), (2, "b\0ü")));
        Assert.Equal((200, 3), (first.Status, first.Next));
        Assert.Equal(first.Id, (await SendAsync(broker, job, Many((1, "a"), (2, "b")))).Id); // again, as after a lost answer
        var overlapping = await SendAsync(broker, job, Many((2, "other"), (3, "c"), (3, "other"), (4, "d")));
        Assert.Equal((200, 5), (overlapping.Status, overlapping.Next));
        var gap = await SendAsync(broker, job, Many((5, "e"), (7, "g")));
        Assert.Equal((409, "chunk_gap", 5), (gap.Status, gap.Code, gap.Next));
        Assert.Equal(200, (await SendAsync(broker, job, new { n = 5, chunk_type = "stderr", content = "e" })).Status);
        Assert.Equal(200, (await SendAsync(broker, job, new { chunk_type = "message", metadata = new { k = "\n" } })).Status);
        var old = await SendAsync(broker, job, Many((5, "x"), (4, "x")));
        Assert.Equal((200, overlapping.Id), (old.Status, old.Id)); // the last of the call is the fourth

        var chunks = await ChunksAsync(broker, job.Id);
        Assert.Equal(["a", "b\0ü", "c", "d", "e", null], chunks.Select(static c => c.GetProperty("content").GetString()));
        Assert.Equal("""{"k":"\n"}""", chunks[5].GetProperty("metadata").GetRawText());
        Assert.Equal(["stdout", "stderr"], [.. chunks.Select(static c => c.GetProperty("chunk_type").GetString()!).Skip(3).Take(2)]);
        Assert.Equal(chunks.Select(Id).Order(), chunks.Select(Id));
        Assert.Equal(["e"], (await ChunksAsync(broker, job.Id, "?chunk_type=stderr")).Select(static c => c.GetProperty("content").GetString()));
        Assert.Equal(["c", "d"],
            (await ChunksAsync(broker, job.Id, $"?after_id={Id(chunks[1])}&limit=2")).Select(static c => c.GetProperty("content").GetString()));

        await broker.StartAgainAsync(); // where its numbers stand is in the table
        Assert.Equal((409, 6), await SendAsync(broker, job, Many((7, "g"))) is var late ? (late.Status, late.Next) : default);
        Assert.Equal(7, (await SendAsync(broker, job, Many((6, "f")))).Next);
    }

    [Fact]
    public async Task PiecesAreOfTheAttemptThatSentThem()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var job = await StartJobAsync(broker);
        Assert.Equal(200, (await SendAsync(broker, job, Many((1, "first")))).Status);
        await broker.AdvanceUntilAsync(broker.Lease + TimeSpan.FromSeconds(1), job.Id, static j => j.Status == JobStatuses.Queued);
        Assert.Equal(200, (await SendAsync(broker, job, Many((2, "late, yet nobody has the job")))).Status);
        var second = await broker.ClaimSoonAsync("bert");
        var stale = await SendAsync(broker, job, Many((3, "stale")));
        Assert.Equal((409, "lease_lost"), (stale.Status, stale.Code));
        Assert.Equal((200, 2), await SendAsync(broker, second, Many((1, "second"))) is var anew ? (anew.Status, anew.Next) : default);
        await broker.Client("bert").FinishAsync(second.Id, second.LeaseToken, "r");
        Assert.Equal(200, (await SendAsync(broker, second, Many((2, "after the end")))).Status);
        Assert.Equal(409, (await SendAsync(broker, job, Many((4, "stale")))).Status);
        Assert.Equal(["first", "late, yet nobody has the job", "second", "after the end"],
            (await ChunksAsync(broker, job.Id)).Select(static c => c.GetProperty("content").GetString()));
        Assert.Equal(404, (await SendAsync(broker, job with { Id = Guid.NewGuid().ToString() }, Many((1, "x")))).Status);
        // A worker that knows no tokens is believed, as by the Python broker.
        Assert.Equal(200, (await SendAsync(broker, second with { LeaseToken = null }, new { chunk_type = "final", content = "done" })).Status);
    }

    [Theory]
    [InlineData("""{"content": "x"}""", "chunk_type")]
    [InlineData("""{"chunk_type": 5}""", "chunk_type")]
    [InlineData("""{"chunk_type": "dropped"}""", "chunk_type")]
    [InlineData("""{"chunk_type": "a\nb"}""", "chunk_type")]
    [InlineData("""{"chunk_type": "x", "content": 5}""", "content")]
    [InlineData("""{"chunk_type": "x", "metadata": []}""", "metadata")]
    [InlineData("""{"chunk_type": "x", "n": 0}""", "n")]
    [InlineData("""{"chunks": {}}""", "chunks")]
    [InlineData("""{"chunks": []}""", "chunks")]
    [InlineData("""{"chunks": [5]}""", "0")]
    [InlineData("""{"chunks": [{"n": 1, "chunk_type": "x"}, {"chunk_type": "x"}]}""", "n")]
    public async Task WrongPiecesAreRefusedByName(string body, string field)
    {
        await using var broker = await BrokerFixture.StartAsync();
        var job = await StartJobAsync(broker);
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        var request = new HttpRequestMessage(HttpMethod.Post, $"jobs/{job.Id}/chunks") { Content = content };
        request.Headers.Add(HeaderNames.WorkerToken, BrokerProcess.WorkerToken);
        using var answer = await broker.Http.SendAsync(request);
        Assert.Equal(422, (int)answer.StatusCode);
        Assert.Contains($"\"{field}\"]", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(await ChunksAsync(broker, job.Id));
    }

    [Fact]
    public async Task OldestPiecesGoFirstAndOneMarkStandsForThem()
    {
        const int Size = 256 << 10;
        await using var broker = await BrokerFixture.StartAsync();
        var job = await StartJobAsync(broker);
        var text = new string('x', Size);
        for (var n = 1; n <= 12; n++) Assert.Equal(n + 1, (await SendAsync(broker, job, Many((n, text)))).Next); // 3 MiB
        var kept = await ChunksAsync(broker, job.Id);
        var mark = Assert.Single(kept, static c => c.GetProperty("chunk_type").GetString() == "dropped");
        Assert.Equal(mark.GetRawText(), kept[0].GetRawText());
        Assert.Equal(JsonValueKind.Null, mark.GetProperty("content").ValueKind);
        var dropped = mark.GetProperty("metadata");
        Assert.Equal((1, Id(mark)), (dropped.GetProperty("from").GetInt64(), dropped.GetProperty("to").GetInt64()));
        Assert.Equal(12, dropped.GetProperty("count").GetInt64() + kept.Count - 1);
        Assert.InRange((kept.Count - 1) * (long)Size, (2 << 20) - (3 * Size), 2 << 20);
        Assert.Equal(kept.Skip(1).Select(Id), Enumerable.Range((int)Id(mark) + 1, kept.Count - 1).Select(static n => (long)n));
        // What was dropped is not wanted again, and its last call is answered as before.
        Assert.Equal((200, 13, Id(mark)), await SendAsync(broker, job, Many((1, text))) is var again ? (again.Status, again.Next, again.Id) : default);
        using var follower = await EventReader.OpenAsync(broker, job.Id, lastEventId: "2");
        Assert.Equal(Id(mark), EventReader.Piece((await follower.NextAsync())!).Id);

        for (var attempt = 2; attempt <= 6; attempt++)
        {
            await broker.Client("anna").ReleaseAsync(job.Id, job.LeaseToken);
            job = await broker.ClaimSoonAsync("anna");
            for (var n = 1; n <= 7; n++) Assert.Equal(200, (await SendAsync(broker, job, Many((n, text)))).Status);
        }
        Assert.InRange(broker.Query<long>("select sum(length(content)) from chunk"), 6 << 20, 8 << 20);
        Assert.True(broker.Query<long>("select max(n) from (select count(*) n from chunk where type = 'dropped' group by attempt)") == 1);
        Assert.Equal(7, broker.Query<long>("select count(*) from chunk where attempt = 6 and type = 'stdout'")); // the newest are whole
    }

    [Fact]
    public async Task WhatJobsWroteGoesAfterTwoDaysAndWithThem()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var job = await StartJobAsync(broker);
        await SendAsync(broker, job, Many((1, "a"), (2, "b")));
        await broker.Client("anna").FinishAsync(job.Id, job.LeaseToken, "r");
        var running = await StartJobAsync(broker);
        await SendAsync(broker, running, Many((1, "of one that runs")));
        await broker.RunForAsync(TimeSpan.FromHours(50));
        await BrokerFixture.EventuallyAsync(() =>
        {
            broker.Clock.Sleep(TimeSpan.FromMinutes(10)); // notes and looks of the days before may have come together
            return Task.FromResult(broker.Query<long>("select count(*) from chunk where type = 'stdout'") == 1);
        });
        Assert.Equal("""{"from":1,"to":2,"count":2}""", Assert.Single(await ChunksAsync(broker, job.Id)).GetProperty("metadata").GetRawText());
        Assert.Equal((409, "chunks_pruned"), await SendAsync(broker, job, Many((3, "c"))) is var late ? (late.Status, late.Code) : default);
        using (var deleted = await broker.BotAsync(HttpMethod.Delete, $"jobs/{job.Id}", null)) deleted.EnsureSuccessStatusCode();
        Assert.Equal(1, broker.Query<long>("select count(*) from chunk"));
    }

    [Fact]
    public async Task HeartbeatsRenewTheLeaseAndTellHowFarTheJobIs()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var job = await StartJobAsync(broker);
        Assert.Null(job.Details);
        broker.Clock.Advance(TimeSpan.FromSeconds(BrokerFixture.LeaseSeconds - 1));
        Assert.Equal(200, (await SendAsync(broker, job with { LeaseToken = null }, new { chunk_type = "heartbeat" })).Status);
        Assert.Equal(broker.NowMs / Second + BrokerFixture.LeaseSeconds, (await broker.GetAsync(job.Id)).LeaseUntil);
        await broker.Client("anna").HeartbeatAsync(job.Id, job.LeaseToken, new HeartbeatBody(40, "copying", "half of it"));
        Assert.Equal(new ProgressView(40, "copying", broker.NowMs / Second), (await broker.GetAsync(job.Id)).Progress);
        await broker.Client("anna").HeartbeatAsync(job.Id, job.LeaseToken);
        Assert.Equal(40, (await broker.GetAsync(job.Id)).Progress!.Percent);
        foreach (var wrong in new object[] { new { progress = 101 }, new { message = 5 }, new { details = new string('x', (64 << 10) + 1) } })
        {
            using var refused = await broker.PostAsync($"jobs/{job.Id}/heartbeat", job.LeaseToken, "anna", wrong);
            Assert.Equal(422, (int)refused.StatusCode);
        }
        await broker.Client("anna").ReleaseAsync(job.Id, job.LeaseToken);
        var next = await broker.ClaimSoonAsync("bert");
        Assert.Equal(("half of it", null), (next.Details, next.Progress));
    }

    [Fact]
    public async Task RunningJobsAskAndAreAnswered()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var job = await StartJobAsync(broker);
        using var asked = await broker.PostAsync($"jobs/{job.Id}/tool_calls", job.LeaseToken, "anna", new { tool_name = "grep", tool_args = new { q = "x" } });
        var id = (await asked.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>()).GetProperty("tool_call_id").GetInt64();
        var pending = await GetAsync(broker, HeaderNames.BotToken, BrokerProcess.BotToken, $"jobs/{job.Id}/tool_calls");
        Assert.Equal($$$"""{"id":{{{id}}},"tool_name":"grep","tool_args":{"q":"x"},"status":"pending","requested_at":{{{broker.NowMs / Second}}}}""",
            Assert.Single(pending.GetProperty("tool_calls").EnumerateArray()).GetRawText());
        foreach (var verb in (string[])["result", "fail"]) // the first answer stands
        {
            using var answered = await broker.BotAsync($"tool_calls/{id}/{verb}", new { result = "found", error = "none" });
            Assert.Equal("""{"ok":true,"status":"completed"}""", await answered.Content.ReadAsStringAsync());
        }
        var call = await GetAsync(broker, HeaderNames.WorkerToken, BrokerProcess.WorkerToken, $"tool_calls/{id}");
        Assert.Equal(["completed", "found", job.Id], ((string[])["status", "result", "job_id"]).Select(name => call.GetProperty(name).GetString()));
        var completed = await GetAsync(broker, HeaderNames.BotToken, BrokerProcess.BotToken, $"jobs/{job.Id}/tool_calls?status=completed");
        Assert.Equal(1, completed.GetProperty("count").GetInt32());
        await broker.Client("anna").FinishAsync(job.Id, job.LeaseToken, "r");
        using var late = await broker.PostAsync($"jobs/{job.Id}/tool_calls", job.LeaseToken, "anna", new { tool_name = "grep" });
        Assert.Equal(400, (int)late.StatusCode);
        using var none = await broker.BotAsync("tool_calls/999/result", new { result = "r" });
        Assert.Equal(404, (int)none.StatusCode);
        Assert.True((await GetAsync(broker, HeaderNames.BotToken, BrokerProcess.BotToken, "capabilities")).GetProperty("streaming_enabled").GetBoolean());
    }

    private static long Id(JsonElement chunk) => chunk.GetProperty("id").GetInt64();

    private static object Many(params (int N, string Content)[] chunks) =>
        new { chunks = chunks.Select(static c => new { n = c.N, chunk_type = "stdout", content = c.Content }) };

    private static async Task<JobView> StartJobAsync(BrokerFixture broker)
    {
        await broker.CreateAsync();
        return (await broker.ClaimAsync("anna"))!;
    }

    private static async Task<(int Status, long Id, int Next, string? Code)> SendAsync(BrokerFixture broker, JobView job, object body)
    {
        using var answer = await broker.PostAsync($"jobs/{job.Id}/chunks", job.LeaseToken, job.WorkerId, body);
        var json = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return ((int)answer.StatusCode, json.TryGetProperty("chunk_id", out var id) ? id.GetInt64() : 0,
            json.TryGetProperty("next_n", out var next) ? next.GetInt32() : 0, json.TryGetProperty("code", out var code) ? code.GetString() : null);
    }

    private static async Task<List<JsonElement>> ChunksAsync(BrokerFixture broker, string job, string query = "")
    {
        var page = await GetAsync(broker, HeaderNames.BotToken, BrokerProcess.BotToken, $"jobs/{job}/chunks{query}");
        Assert.Equal(page.GetProperty("count").GetInt32(), page.GetProperty("chunks").GetArrayLength());
        return [.. page.GetProperty("chunks").EnumerateArray()];
    }

    private static async Task<JsonElement> GetAsync(BrokerFixture broker, string header, string token, string path)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add(header, token);
        using var answer = await broker.Http.SendAsync(request);
        return await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>();
    }
}
