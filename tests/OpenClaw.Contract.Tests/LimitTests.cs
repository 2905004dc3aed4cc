using System.Text;
using OpenClaw.Contract.Tests.Support;
using OpenClaw.Testing.Http;

namespace OpenClaw.Contract.Tests;

/// <summary>Sizes, depth, headers and ids: what is too much is refused early.</summary>
public class LimitTests(TestedBroker broker) : ContractTest(broker)
{
    private const int Payload = 256 * 1024, Create = 512 * 1024, Result = 8 * 1024 * 1024, Heartbeat = 80 * 1024, Other = 16 * 1024;

    [Fact]
    public async Task PayloadMayBeAsLargeAsItsLimit()
    {
        var id = await Api.NewJobAsync("ping", new string('x', Payload));
        Assert.Equal(Payload, (await Api.TakeAsync()).Text("payload")!.Length);
        await Api.FinishAsync(id, "");
        (await Api.CreateAsync("ping", new string('x', Payload + 1))).IsRefused(413);
        (await Api.CreateAsync("ping", new string('ü', (Payload / 2) + 1))).IsRefused(413); // bytes count, not characters
        (await Api.CreateAsync("ping", new string('ü', Payload / 2))).Is(200);
    }

    [Fact]
    public async Task CreateBodyMayBeAsLargeAsItsLimit()
    {
        const string Json = """{"command":"ping","payload":"x"}""";
        (await Api.CreateFromAsync(Json.PadRight(Create))).Is(200);
        (await Api.CreateFromAsync(Json.PadRight(Create + 1))).IsRefused(413);
    }

    [Fact]
    public async Task ResultMayBeAsLargeAsItsLimit()
    {
        var id = await RunningJobAsync();
        (await Api.FinishAsync(id, new string('x', Result + 1))).IsRefused(413);
        Assert.Equal("running", (await Api.JobAsync(id)).Text("status"));
        (await Api.FinishAsync(id, new string('x', Result))).Is(200);
        Assert.Equal(Result, (await Api.JobAsync(id)).Text("result")!.Length);
    }

    [Fact]
    public async Task ResultOfControlCharactersMayBeSixTimesAsLongOnTheWire()
    {
        var id = await RunningJobAsync();
        var result = new string('\u0001', 1024 * 1024);
        (await Api.FinishAsync(id, result)).Is(200);
        Assert.Equal(result, (await Api.JobAsync(id)).Text("result"));
    }

    [Fact]
    public async Task ErrorMayBeAsLargeAsAResult()
    {
        var id = await RunningJobAsync();
        (await Api.FailAsync(id, new string('x', Result + 1))).IsRefused(413);
        Assert.Equal("running", (await Api.JobAsync(id)).Text("status"));
        (await Api.FailAsync(id, new string('x', 1024 * 1024))).Is(200);
        Assert.Equal(1024 * 1024, (await Api.JobAsync(id)).Text("error")!.Length);
    }

    [Fact]
    public async Task CommandHas1To256Bytes()
    {
        (await Api.CreateAsync("", "x")).IsInvalid("body.command");
        (await Api.CreateAsync(new string('x', 257), "x")).IsInvalid("body.command");
        (await Api.CreateAsync(new string('ü', 129), "x")).IsInvalid("body.command");
        (await Api.CreateAsync(new string('ü', 128), "x")).Is(200);
    }

    [Fact]
    public async Task CancelReasonHasAtMost1000Bytes()
    {
        var id = await Api.NewJobAsync();
        (await Api.CancelAsync(id, $$"""{"reason":"{{new string('ü', 501)}}"}""")).IsInvalid("body.reason");
        (await Api.CancelAsync(id, $$"""{"reason":"{{new string('ü', 500)}}"}""")).Is(200);
    }

    [Theory]
    [InlineData("heartbeat", Heartbeat)]
    [InlineData("release", Other)]
    public async Task OtherBodiesAreSmall(string verb, int limit)
    {
        var id = await RunningJobAsync();
        (await Api.DoAsync(id, verb, "{}".PadRight(limit + 1))).IsRefused(413);
        Assert.Equal("running", (await Api.JobAsync(id)).Text("status"));
        (await Api.DoAsync(id, verb, "{}".PadRight(limit))).Is(200);
    }

    [Fact]
    public async Task CancelBodyIsSmall() => (await Api.CancelAsync(await Api.NewJobAsync(), "{}".PadRight(Other + 1))).IsRefused(413);

    [Theory]
    [InlineData("/jobs", Create)]
    [InlineData("/jobs/00000000-0000-4000-8000-000000000000/heartbeat", Other)]
    public async Task AnnouncedSizeIsRefusedWithoutTheBody(string path, int limit)
    {
        using var connection = await ConnectAsync();
        await connection.SendAsync(PostHead(path, $"Content-Length: {Math.Max(limit * 1000L, 4_000_000_000)}"));
        (await connection.ReceiveAsync()).IsRefused(413);
    }

    [Fact]
    public async Task AnnouncedSizeOfAResultIsRefusedWithoutTheBody()
    {
        var id = await RunningJobAsync();
        (await SendRawAsync(PostHead($"/jobs/{id}/result", "Content-Length: 4000000000"))).IsRefused(413);
        Assert.Equal("running", (await Api.JobAsync(id)).Text("status"));
    }

    [Fact]
    public async Task AnnouncedSizeWithExpectIsRefusedInsteadOfContinue() =>
        (await SendRawAsync(PostHead("/jobs", "Content-Length: 4000000000", "Expect: 100-continue"))).IsRefused(413);

    [Theory]
    [InlineData("/jobs", Create)]
    [InlineData("/jobs/00000000-0000-4000-8000-000000000000/heartbeat", Other)]
    public async Task EndlessChunksAreCutOff(string path, int limit)
    {
        using var connection = await ConnectAsync();
        await connection.SendAsync(PostHead(path, "Transfer-Encoding: chunked"));
        byte[] chunk = [.. Encoding.ASCII.GetBytes($"{16384:x}\r\n"), .. Enumerable.Repeat((byte)' ', 16384), .. "\r\n"u8];
        var sent = 0;
        var answer = connection.ReceiveAsync();
        while (!answer.IsCompleted && sent < limit + (64 * 1024 * 1024) && await connection.TrySendAsync(chunk)) sent += 16384;
        (await answer).IsRefused(413);
        Assert.True(sent < limit + (64 * 1024 * 1024), "the broker read on");
    }

    [Theory]
    [InlineData("[", "]", 63, true)]
    [InlineData("[", "]", 65, false)]
    [InlineData("{\"a\":", "}", 65, false)]
    [InlineData("[", "]", 100_000, false)]
    public async Task JsonIsAtMost64Deep(string open, string close, int depth, bool taken)
    {
        var inner = string.Concat(Enumerable.Repeat(open, depth)) + (open == "[" ? "" : "1") + string.Concat(Enumerable.Repeat(close, depth));
        var answer = await Api.CreateFromAsync($$"""{"command":"ping","payload":"x","deep":{{inner}}}""");
        if (taken) answer.Is(200);
        else answer.IsInvalidBody();
    }

    [Theory]
    [InlineData('[')]
    [InlineData('{')]
    public async Task HundredThousandOpenBracketsDoNoHarm(char bracket)
    {
        (await Api.CreateFromAsync(new string(bracket, 100_000))).IsInvalidBody();
        (await Api.GetAsync("/health")).Is(200);
    }

    [Theory]
    [InlineData(1, 40_000)]
    [InlineData(1, 2_000_000)]
    [InlineData(2_000, 10)]
    public async Task LargeOrManyHeadersAreRefused(int count, int length)
    {
        using var connection = await ConnectAsync();
        var headers = string.Concat(Enumerable.Range(0, count).Select(i => $"X-Filler-{i}: {new string('x', length)}\r\n"));
        var answer = connection.ReceiveAsync();
        await connection.TrySendAsync(Encoding.ASCII.GetBytes($"GET /health HTTP/1.1\r\nHost: x\r\n{headers}\r\n"));
        (await answer).Is(431);
    }

    [Fact]
    public async Task LongPathIsRefused()
    {
        using var connection = await ConnectAsync();
        var answer = connection.ReceiveAsync();
        await connection.TrySendAsync(Encoding.ASCII.GetBytes(RawConnection.Head("GET /" + new string('x', 100_000), "Host: x")));
        (await answer).Is(414);
    }

    public static TheoryData<string> NoIds { get; } =
    [
        "x", "1", "00000000000040008000000000000000", "{00000000-0000-4000-8000-000000000000}", "00000000-0000-4000-8000-00000000000",
        "00000000-0000-4000-8000-0000000000000", "00000000-0000-4000-8000-00000000000g", "%2e%2e", "..%2f..%2fetc", "%20",
        "00000000-0000-4000-8000-000000000000%20", "%2000000000-0000-4000-8000-000000000000", "%ff%fe", "%", "'%20or%201=1", new string('a', 7_900),
    ];

    [Theory]
    [MemberData(nameof(NoIds))]
    public async Task WhatIsNoIdIsNotFound(string id)
    {
        (await SendRawAsync(RawConnection.Head($"GET /jobs/{id}", "Host: x", Api.Bot))).IsRefused(404);
        foreach (var verb in new[] { "result", "fail", "heartbeat", "release", "cancel" })
        {
            (await SendRawAsync(PostHead($"/jobs/{id}/{verb}", "Content-Length: 26") + """{"result":"x","error":"x"}""")).IsRefused(404);
        }
    }

    /// <summary>The server's own parser lets no NUL into a path, and says so before anything else looks.</summary>
    [Theory]
    [InlineData("%00")]
    [InlineData("00000000-0000-4000-8000-000000000000%00")]
    public async Task IdWithNulIsRefused(string id) =>
        Assert.Contains((await SendRawAsync(RawConnection.Head($"GET /jobs/{id}", "Host: x", Api.Bot))).Status, new[] { 400, 404 });

    [Fact]
    public async Task IdInUpperCaseIsNotFound()
    {
        var id = await Api.NewJobAsync();
        while (!id.Any(char.IsAsciiLetter)) id = await Api.NewJobAsync();
        (await Api.ReadAsync(id.ToUpperInvariant())).IsRefused(404);
    }

    private string PostHead(string path, params string[] framing) =>
        RawConnection.Head($"POST {path}", ["Host: x", Api.Bot, Api.Worker, "Content-Type: application/json", .. framing]);
}
