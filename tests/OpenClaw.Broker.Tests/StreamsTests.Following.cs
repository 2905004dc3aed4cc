using System.Globalization;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Testing;

namespace OpenClaw.Broker.Tests;

/// <summary>What a job writes, as whoever follows it sees it.</summary>
public sealed partial class StreamsTests
{
    [Fact]
    public async Task StreamGoesOnWhereItStoodAlsoOverAKill()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var job = await StartJobAsync(broker);
        using var follower = await EventReader.OpenAsync(broker, job.Id, "?events=1");
        for (var n = 1; n <= 20; n++) await SendAsync(broker, job, Many((n, n.ToString(CultureInfo.InvariantCulture))));
        var had = await follower.PiecesAsync(15);
        await using var after = await broker.KilledHereAsync();
        using var again = await EventReader.OpenAsync(after, job.Id, lastEventId: had[^1].Id.ToString(CultureInfo.InvariantCulture));
        had.AddRange(await again.PiecesAsync(5));
        await SendAsync(after, job, Many((20, "double"), (21, "21")));
        had.AddRange(await again.PiecesAsync(1));
        Assert.Equal(Enumerable.Range(1, 21).Select(static n => n.ToString(CultureInfo.InvariantCulture)), had.Select(static h => h.Content));
        await after.Client("anna").FinishAsync(job.Id, job.LeaseToken, "r");
        Assert.Equal("event: end|data: {\"state\":\"done\"}", await again.NextAsync());
        Assert.Null(await again.NextAsync());
    }

    /// <summary>Whatever byte it is cut at, what comes next is what was not had.</summary>
    [Fact]
    public async Task StreamThatIsCutAtAnyByteGoesOnWithoutGapOrDouble()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var job = await StartJobAsync(broker);
        await SendAsync(broker, job, Many((1, "ä1"), (2, "2\n"), (3, "3"), (4, "4")));
        await broker.Client("anna").FinishAsync(job.Id, job.LeaseToken, "r");
        var whole = 1;
        for (var cut = 0; cut < whole; cut += 3)
        {
            var had = new List<string?>();
            await using var network = new NarrowNetwork(broker.Url, cut);
            using var http = new HttpClient();
            var client = new BrokerClient(http, network.Url, new BrokerCredentials { BotToken = BrokerProcess.BotToken }, TimeProvider.System);
            long last = 0;
            for (var isOver = false; !isOver;)
            {
                try
                {
                    await foreach (var e in client.FollowAsync(job.Id, last))
                    {
                        isOver = e.Name == StreamEvent.End;
                        if (e.Name is not null) continue;
                        had.Add(e.Content);
                        last = e.Id;
                    }
                }
                catch (BrokerException e) when (e.IsAway || e.WasLost)
                {
                    // Cut: asked again.
                }
            }
            Assert.Equal(["ä1", "2\n", "3", "4"], had);
            whole = network.First;
        }
        Assert.InRange(whole, 300, 3000); // bytes of the answer that nothing cut
    }

    [Fact]
    public async Task ClientFollowsWhatAJobWritesToItsEnd()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var job = await StartJobAsync(broker);
        await broker.Client("anna").SendChunksAsync(job.Id, job.LeaseToken,
            [new ChunkBody(1, ChunkTypes.Output, "a"), new ChunkBody(2, ChunkTypes.Error, "b")]);
        var read = new List<string>();
        await foreach (var e in broker.Client().FollowAsync(job.Id))
        {
            read.Add($"{e.Name ?? e.Type}: {e.Content ?? e.State}");
            if (e.Content == "b") await broker.Client("anna").FailAsync(job.Id, job.LeaseToken, "no");
        }
        Assert.Equal(["stdout: a", "stderr: b", "end: failed"], read);
        var refused = await Assert.ThrowsAsync<BrokerException>(async () =>
        {
            await foreach (var _ in broker.Client().FollowAsync(Guid.NewGuid().ToString())) Assert.Fail("there is no such job");
        });
        Assert.Equal(404, refused.Status);
    }

    [Fact]
    public async Task ClientsOfThePythonBrokerSeeItsStream()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var job = await StartJobAsync(broker);
        using var silent = await EventReader.OpenAsync(broker, job.Id);
        using var follower = await EventReader.OpenAsync(broker, job.Id);
        await SendAsync(broker, job with { LeaseToken = null }, new { chunk_type = "thinking", content = "hm" });
        Assert.Equal($$"""id: 1|data: {"id":1,"type":"thinking","content":"hm","metadata":null,"created_at":{{broker.NowMs / Second}}}""",
            await follower.NextAsync());
        await SendAsync(broker, job, new { chunk_type = "final", content = "so" });
        Assert.Equal("so", EventReader.Piece((await follower.NextAsync())!).Content);
        Assert.Null(await follower.NextAsync());
        await silent.PiecesAsync(2);

        var other = await StartJobAsync(broker);
        using (var late = await EventReader.OpenAsync(broker, other.Id))
        {
            await broker.Client("anna").FinishAsync(other.Id, other.LeaseToken, "r");
            await SendAsync(broker, other, new { chunk_type = "message", content = "behind the result" });
            Assert.Equal("behind the result", EventReader.Piece((await late.NextAsync())!).Content);
            await PassUntilAsync(broker, late, "data: {\"type\":\"stream_end\"}");
            Assert.Null(await late.NextAsync());
        }
        var third = await broker.CreateAsync();
        using var waiting = await EventReader.OpenAsync(broker, third);
        await PassUntilAsync(broker, waiting, ":heartbeat");
        await PassUntilAsync(broker, waiting, "data: {\"type\":\"timeout\",\"message\":\"Stream timeout\"}");
        Assert.Null(await waiting.NextAsync());
    }

    [Fact]
    public async Task SilenceIsExplained()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var id = await broker.CreateAsync();
        using var follower = await EventReader.OpenAsync(broker, id, "?events=1");
        var why = await PassUntilAsync(broker, follower, "event: why");
        Assert.Contains("\"code\":\"no_worker_seen\"", why, StringComparison.Ordinal);
        await PassUntilAsync(broker, follower, ":heartbeat"); // the same reason again is not said again
        var job = (await broker.ClaimAsync("anna"))!;
        Assert.Contains("\"code\":\"running\"", await PassUntilAsync(broker, follower, "event: why"), StringComparison.Ordinal);
        await SendAsync(broker, job, Many((1, "a")));
        Assert.Equal("a", EventReader.Piece(await PassUntilAsync(broker, follower, "id: ")).Content);
    }

    /// <summary>Lets time pass until something comes that begins so; comments are passed over.</summary>
    private static async Task<string> PassUntilAsync(BrokerFixture broker, EventReader reader, string beginning)
    {
        for (var next = reader.NextAsync(); ; )
        {
            if (await Task.WhenAny(next, Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System)) != next)
            {
                broker.Clock.Advance(TimeSpan.FromSeconds(1));
                continue;
            }
            if ((await next)!.StartsWith(beginning, StringComparison.Ordinal)) return (await next)!;
            Assert.StartsWith(":", await next, StringComparison.Ordinal);
            next = reader.NextAsync();
        }
    }
}
