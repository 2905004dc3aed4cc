using System.Text;
using OpenClaw.Contract.Tests.Support;
using OpenClaw.Testing.Http;

namespace OpenClaw.Contract.Tests;

/// <summary>The many ways in which the same request may be written.</summary>
[Trait(Traits.Contract, Traits.Any)]
public class TransportTests(TestedBroker broker) : ContractTest(broker)
{
    private const string Body = """{"command":"ping","payload":"grüße"}""";

    [Theory]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("application/json;charset=UTF-8")]
    [InlineData("application/json; charset=iso-8859-1")]
    [InlineData("Application/JSON")]
    [InlineData("application/problem+json")]
    public async Task BodyIsUtf8JsonWhateverTheCharset(string contentType) =>
        await AssertCreatedAsync(await Api.CreateFromAsync(Body, "Content-Type: " + contentType));

    [Fact]
    public async Task ContentTypeMayBeMissing() => await AssertCreatedAsync(await Api.CreateFromAsync(Body, "Content-Type: "));

    [Fact]
    public async Task ByteOrderMarkIsSkipped() => await AssertCreatedAsync(await Api.CreateFromAsync('\uFEFF' + Body));

    [Fact]
    public async Task BodyMayBeChunked()
    {
        var bytes = Encoding.UTF8.GetBytes(Body);
        using var connection = await ConnectAsync();
        await connection.SendAsync(CreateHead("Transfer-Encoding: chunked"));
        foreach (var b in bytes) await connection.SendAsync([.. "1\r\n"u8, b, .. "\r\n"u8]); // also within a character
        await connection.SendAsync("0\r\n\r\n");
        await AssertCreatedAsync(await connection.ReceiveAsync());
    }

    [Fact]
    public async Task BodyMayWaitForContinue()
    {
        using var connection = await ConnectAsync();
        await connection.SendAsync(CreateHead(Length(Body), "Expect: 100-continue"));
        (await connection.ReceiveAsync()).Is(100);
        await connection.SendAsync(Body);
        await AssertCreatedAsync(await connection.ReceiveAsync());
    }

    [Theory]
    [InlineData("x-bot-token")]
    [InlineData("X-BOT-TOKEN")]
    [InlineData("x-BoT-tOkEn")]
    public async Task HeaderNamesHaveAnyCase(string name)
    {
        var head = RawConnection.Head("POST /jobs", "host: x", $"{name}: {Broker.BotToken}", "CONTENT-TYPE: application/json", Length(Body));
        await AssertCreatedAsync(await SendRawAsync(head + Body));
    }

    [Fact]
    public async Task OneConnectionServesManyRequests()
    {
        using var connection = await ConnectAsync();
        for (var i = 0; i < 5; i++)
        {
            await connection.SendAsync(CreateHead(Length(Body)) + Body);
            await AssertCreatedAsync(await connection.ReceiveAsync());
            await connection.SendAsync(RawConnection.Head("GET /jobs/nothing", "Host: x", Api.Bot));
            (await connection.ReceiveAsync()).Is(404);
        }
    }

    [Fact]
    public async Task RequestsMayBePipelined()
    {
        using var connection = await ConnectAsync();
        await connection.SendAsync(CreateHead(Length(Body)) + Body + CreateHead(Length(Body)) + Body);
        await AssertCreatedAsync(await connection.ReceiveAsync());
        await AssertCreatedAsync(await connection.ReceiveAsync());
    }

    [Fact]
    public async Task UnknownFieldsAreIgnored() =>
        await AssertCreatedAsync(await Api.CreateFromAsync("""
            {"x":{"deep":[1,2,{"y":null}]},"command":"ping","status":"done","id":"mine","payload":"grüße","result":"r"}
            """));

    [Fact]
    public async Task UnknownQueryParametersAreIgnored()
    {
        var created = await Api.PostAsync("/jobs?x=1&command=other", Body, Api.Bot);
        await AssertCreatedAsync(created);
        (await Api.ReadAsync(created.Json.Id(), "?x=1&y")).Is(200);
        Assert.Equal(created.Json.Id(), (await Api.GetAsync("/jobs/next?x=%00", Api.Worker)).Job!.Value.Id());
    }

    [Fact]
    public async Task OfADoubledKeyTheLastWins() =>
        await AssertCreatedAsync(await Api.CreateFromAsync("""{"command":"a","payload":5,"command":"ping","payload":"grüße"}"""));

    [Theory]
    [InlineData("""{"command":"ping","payload":"gr\u00fc\u00dfe"}""")]
    [InlineData("""{"comm\u0061nd":"ping","payload":"grüße"}""")]
    [InlineData("{ \n\t\"command\" :\r\n \"ping\" , \"payload\" : \"grüße\" }\n")]
    public async Task JsonMayBeEscapedAndSpaced(string body) => await AssertCreatedAsync(await Api.CreateFromAsync(body));

    /// <summary>The Python broker answers 500.</summary>
    [Theory]
    [Trait(Traits.Differs, Traits.Python)]
    [InlineData("\\ud800")]
    [InlineData("\\udc00\\ud800")]
    [InlineData("a\\ud83d")]
    public async Task LoneSurrogateIsInvalid(string escaped)
    {
        (await Api.CreateFromAsync($$"""{"command":"ping","payload":"{{escaped}}"}""")).IsInvalidBody();
        (await Api.CreateFromAsync($$"""{"command":"{{escaped}}","payload":"x"}""")).IsInvalidBody();
        var id = await RunningJobAsync();
        (await Api.DoAsync(id, "result", $$"""{"result":"{{escaped}}"}""")).IsInvalidBody();
        (await Api.DoAsync(id, "fail", $$"""{"error":"{{escaped}}"}""")).IsInvalidBody();
    }

    [Theory]
    [InlineData(new byte[] { 0xFF })]
    [InlineData(new byte[] { 0xC3 })]
    [InlineData(new byte[] { 0xC0, 0x80 })]
    public Task InvalidUtf8IsABadRequest(byte[] bytes) => AssertNoUtf8Async(bytes);

    /// <summary>The Python broker answers 500.</summary>
    [Fact]
    [Trait(Traits.Differs, Traits.Python)]
    public Task SurrogateInUtf8IsABadRequest() => AssertNoUtf8Async([0xED, 0xA0, 0x80]);

    /// <summary>Of two that differ it would be a guess which one counts. The Python broker guesses.</summary>
    [Theory]
    [Trait(Traits.Differs, Traits.Python)]
    [InlineData("POST", "/jobs", "Idempotency-Key")]
    [InlineData("GET", "/jobs/next", "X-Claim-Id")]
    [InlineData("GET", "/jobs/next", "X-Worker-Id")]
    [InlineData("POST", "/jobs/{id}/result", "X-Lease-Token")]
    [InlineData("POST", "/jobs/{id}/heartbeat", "X-Worker-Id")]
    public async Task HeaderThatSaysOneThingIsSentOnce(string method, string path, string name)
    {
        const string Json = """{"command":"ping","payload":"x","result":"x"}""";
        var id = await Api.NewJobAsync();
        var answer = await SendRawAsync(RawConnection.Head($"{method} {path.Replace("{id}", id, StringComparison.Ordinal)}",
            "Host: x", Api.Bot, Api.Worker, $"{name}: a", $"{name}: b", method == "POST" ? Length(Json) : "X-Nothing: x") + (method == "POST" ? Json : ""));
        Assert.Contains(name, answer.IsRefused(400).Text, StringComparison.Ordinal);
        Assert.Equal("queued", (await Api.JobAsync(id)).Text("status"));
    }

    /// <summary>The Python broker reads all of these as bodies that are not compressed.</summary>
    [Theory]
    [Trait(Traits.Differs, Traits.Python)]
    [InlineData("gzip")]
    [InlineData("gzip, chunked")]
    [InlineData("identity, chunked")]
    [InlineData("chunked, chunked")]
    [InlineData("chunked, gzip")]
    [InlineData("xchunked")]
    [InlineData("identity")]
    public async Task TransferEncodingOtherThanChunkedIsRefused(string encoding)
    {
        using var connection = await ConnectAsync();
        await connection.SendAsync(CreateHead("Transfer-Encoding: " + encoding) + $"{Encoding.UTF8.GetByteCount(Body):x}\r\n{Body}\r\n0\r\n\r\n");
        Assert.Contains((await connection.ReceiveAsync()).Status, new[] { 400, 501 });
        Assert.True(await connection.IsClosedAsync());
        Assert.Null((await Api.ClaimAsync()).Job);
    }

    [Theory]
    [InlineData("g")]
    [InlineData("-1")]
    [InlineData("80000000")]
    [InlineData("ffffffff")]
    [InlineData("ffffffffffffffff")]
    [InlineData("fffffffffffffffffffffffffffffffff")]
    [InlineData("1;x")]
    public async Task ChunkLengthThatIsNoneOrTooLargeIsTheClientsFault(string length)
    {
        using var connection = await ConnectAsync();
        await connection.TrySendAsync(Encoding.UTF8.GetBytes(CreateHead("Transfer-Encoding: chunked") + $"{length}\r\n{Body}\r\n0\r\n\r\n"));
        Assert.InRange((await connection.ReceiveAsync()).Status, 400, 499);
    }

    private async Task AssertNoUtf8Async(byte[] bytes)
    {
        byte[] body = [.. "{\"command\":\"ping\",\"payload\":\""u8, .. bytes, .. "\"}"u8];
        (await Api.SendAsync(HttpMethod.Post, "/jobs", body, Api.Bot)).IsRefused(400);
    }

    private static string Length(string body) => $"Content-Length: {Encoding.UTF8.GetByteCount(body)}";

    private string CreateHead(params string[] headers) =>
        RawConnection.Head("POST /jobs", ["Host: x", Api.Bot, "Content-Type: application/json", .. headers]);

    private async Task AssertCreatedAsync(Answer answer)
    {
        var job = await Api.JobAsync(answer.Is(200).Json.Id());
        Assert.Equal("ping", job.Text("command"));
        Assert.Equal("grüße", job.Text("payload"));
    }
}
