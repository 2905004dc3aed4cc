using OpenClaw.Contract.Tests.Support;
using OpenClaw.Testing.Http;

namespace OpenClaw.Contract.Tests;

/// <summary>401 comes before everything else, and each path looks at its own header alone.</summary>
[Trait(Traits.Contract, Traits.Any)]
public class TokenTests(TestedBroker broker) : ContractTest(broker)
{
    private const string NoJob = "00000000-0000-4000-8000-000000000000";

    /// <summary>Every path of the contract that needs a token, with a body it would take.</summary>
    public static TheoryData<string, string, string> BotPaths { get; } = new()
    {
        { "POST", "/jobs", """{"command":"ping","payload":"x"}""" },
        { "GET", $"/jobs/{NoJob}", "" },
    };

    public static TheoryData<string, string, string> WorkerPaths { get; } = new()
    {
        { "GET", "/jobs/next", "" },
        { "POST", $"/jobs/{NoJob}/result", """{"result":"x"}""" },
        { "POST", $"/jobs/{NoJob}/fail", """{"error":"x"}""" },
    };

    [Theory]
    [MemberData(nameof(BotPaths))]
    public async Task BotPathsWantTheBotToken(string method, string path, string body)
    {
        foreach (var header in WrongTokens("X-Bot-Token", Broker.BotToken, Broker.WorkerToken))
        {
            (await SendAsync(method, path, body, header)).IsRefused(401, "bad bot token");
        }
    }

    [Fact]
    public async Task WorkersTokenCreatesNothing() =>
        (await Api.PostAsync("/jobs", """{"command":"ping","payload":"x"}""", Api.Worker)).IsRefused(401, "bad bot token");

    [Fact]
    public async Task EitherTokenReadsAJob()
    {
        var id = await Api.NewJobAsync();
        foreach (var headers in new string[][] { [Api.Bot], [Api.Worker], [Api.Bot, Api.Worker], ["X-Bot-Token: wrong", Api.Worker], [Api.Bot,
            "X-Worker-Token: wrong"] })
        {
            Assert.Equal(id, (await Api.GetAsync($"/jobs/{id}", headers)).Is(200).Json.Id());
        }
        (await Api.GetAsync($"/jobs/{id}", $"X-Worker-Token: {Broker.BotToken}")).IsRefused(401, "bad bot token");
        (await Api.GetAsync($"/jobs/{NoJob}", Api.Worker)).IsRefused(404);
    }

    [Theory]
    [MemberData(nameof(WorkerPaths))]
    public async Task WorkerPathsWantTheWorkerToken(string method, string path, string body)
    {
        foreach (var header in WrongTokens("X-Worker-Token", Broker.WorkerToken, Broker.BotToken).Append(Api.Bot))
        {
            (await SendAsync(method, path, body, header)).IsRefused(401, "bad worker token");
        }
    }

    [Theory]
    [InlineData("""{"command":"ping"}""")]
    [InlineData("""{"command":5,"payload":{}}""")]
    [InlineData("[]")]
    public async Task WrongTokenIsToldBeforeAWrongBody(string body) =>
        (await Api.PostAsync("/jobs", body, "X-Bot-Token: wrong")).IsRefused(401, "bad bot token");

    /// <summary>The Python broker parses JSON first and answers 422 here.</summary>
    [Theory]
    [Trait(Traits.Differs, Traits.Python)]
    [InlineData("""{"command":"pi""")]
    [InlineData("")]
    public async Task WrongTokenIsToldBeforeBrokenJson(string body)
    {
        (await Api.PostAsync("/jobs", body, "X-Bot-Token: wrong")).IsRefused(401, "bad bot token");
        (await Api.PostAsync($"/jobs/{NoJob}/result", body, "X-Worker-Token: wrong")).IsRefused(401, "bad worker token");
    }

    /// <summary>The Python broker reads the whole body first.</summary>
    [Theory]
    [Trait(Traits.Differs, Traits.Python)]
    [InlineData("/jobs", "X-Bot-Token: wrong", "bad bot token", "Content-Length: 4000000000")]
    [InlineData("/jobs", "X-Bot-Token: wrong", "bad bot token", "Transfer-Encoding: chunked")]
    [InlineData("/jobs", "X-Worker-Id: x", "bad bot token", "Content-Length: 100")]
    [InlineData($"/jobs/{NoJob}/result", "X-Worker-Token: wrong", "bad worker token", "Content-Length: 4000000000")]
    [InlineData($"/jobs/{NoJob}/fail", "X-Worker-Token: wrong", "bad worker token", "Content-Length: 100")]
    public async Task WrongTokenIsToldBeforeTheBodyIsRead(string path, string token, string detail, string framing) =>
        (await SendRawAsync(RawConnection.Head($"POST {path}", "Host: x", token, "Content-Type: application/json", framing))).IsRefused(401, detail);

    [Fact]
    [Trait(Traits.Differs, Traits.Python)]
    public async Task WrongTokenWithExpectIsToldInsteadOfContinue() =>
        (await SendRawAsync(RawConnection.Head("POST /jobs", "Host: x", "X-Bot-Token: wrong", "Content-Length: 10", "Expect: 100-continue")))
        .IsRefused(401, "bad bot token");

    [Fact]
    public async Task WrongTokenIsToldBeforeAMissingJob()
    {
        (await Api.GetAsync($"/jobs/{NoJob}", "X-Bot-Token: wrong")).IsRefused(401, "bad bot token");
        (await Api.GetAsync("/jobs/not-an-id", "X-Bot-Token: wrong")).IsRefused(401, "bad bot token");
        (await Api.PostAsync("/jobs/not-an-id/result", """{"result":"x"}""", "X-Worker-Token: wrong")).IsRefused(401, "bad worker token");
    }

    [Fact]
    public async Task OtherRolesTokenBesideTheRightOneDoesNoHarm()
    {
        (await Api.CreateAsync("ping", "x", "X-Worker-Token: wrong")).Is(200);
        (await Api.ClaimAsync("X-Bot-Token: wrong")).Is(200);
    }

    /// <summary>Two headers of one name are no token, whichever stands first. The Python broker takes the first or the last.</summary>
    [Theory]
    [Trait(Traits.Differs, Traits.Python)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task DoubledTokenIsNone(bool rightFirst)
    {
        var (right, wrong) = ($"X-Bot-Token: {Broker.BotToken}", "X-Bot-Token: wrong");
        var headers = rightFirst ? new[] { right, wrong } : [wrong, right];
        (await SendRawAsync(RawConnection.Head($"GET /jobs/{NoJob}", ["Host: x", .. headers]))).IsRefused(401, "bad bot token");
    }

    [Theory]
    [InlineData(new byte[] { 0xC3, 0xBC })]
    [InlineData(new byte[] { 0xFF, 0xFE })]
    public async Task NonAsciiTokenIsWrong(byte[] token)
    {
        using var connection = await ConnectAsync();
        await connection.SendAsync($"GET /jobs/{NoJob} HTTP/1.1\r\nHost: x\r\nX-Bot-Token: ");
        await connection.SendAsync(token);
        await connection.SendAsync("\r\n\r\n");
        var answer = await connection.ReceiveAsync();
        Assert.Contains(answer.Status, new[] { 400, 401 });
    }

    [Fact]
    public async Task RefusalTellsNothingOfTheToken()
    {
        var answer = await Api.GetAsync("/jobs/next", "X-Worker-Token: guess-1234567890");
        Assert.DoesNotContain("guess", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(Broker.WorkerToken[..10], answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RefusedRequestChangesNothing()
    {
        var id = await Api.NewJobAsync();
        await Api.PostAsync($"/jobs/{id}/fail", """{"error":"x"}""", "X-Worker-Token: wrong");
        await Api.GetAsync("/jobs/next", "X-Worker-Token: wrong");
        Assert.Equal("queued", (await Api.JobAsync(id)).Text("status"));
    }

    private static IEnumerable<string> WrongTokens(string name, string right, string other) =>
    [
        "X-Unrelated: none",
        $"{name}: ",
        $"{name}: wrong",
        $"{name}: {right}x",
        $"{name}: {right[..^1]}",
        $"{name}: {right.ToUpperInvariant()}",
        $"{name}: {other}",
        $"{name}: {new string('a', 8192)}",
    ];

    private Task<Answer> SendAsync(string method, string path, string body, string header)
    {
        var content = body.Length == 0 ? null : System.Text.Encoding.UTF8.GetBytes(body);
        return Api.SendAsync(new HttpMethod(method), path, content, header);
    }
}
