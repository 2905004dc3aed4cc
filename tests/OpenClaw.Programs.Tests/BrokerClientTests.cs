using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using OpenClaw.Client;
using OpenClaw.Testing;

namespace OpenClaw.Programs.Tests;

/// <summary>What the client makes of answers that no healthy broker gives. The other end is a socket that writes what the test says.</summary>
public sealed class BrokerClientTests
{
    private const string Job = """{"id":"x","status":"done","command":"ping"}""";

    [Theory]
    [InlineData("null")]
    [InlineData("")]
    [InlineData("<html>a proxy's page</html>")]
    [InlineData("[]")]
    [InlineData("""{"status":"done","command":"ping"}""")]
    [InlineData("""{"id":null,"status":"done","command":"ping"}""")]
    [InlineData("""{"id":"x","status":"done"}""")]
    [InlineData("""{"id":"x","status":"done","command":null}""")]
    [InlineData("""{"id":5,"status":"done","command":"ping"}""")]
    [InlineData("""{"id":"x","status":"done","command":"ping","created_at":"yesterday"}""")]
    [InlineData("""{"id":"x","status":"done","command":"ping","lease_seconds":NaN}""")]
    [InlineData("""{"id":"x","status":"done","command":"\ud83e"}""")]
    public async Task AnAnswerThatCannotBeReadIsABrokerException(string body)
    {
        var e = await FailsAsync(Answer("200 OK", body));
        Assert.Equal((200, true, true, false, false), (e.Status, e.IsUnreadable, e.WasLost, e.NeverArrived, e.IsPassing));
        Assert.Contains("does not answer like a broker", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task JobsNextWithoutAJobFieldIsUnreadable() =>
        Assert.True((await Assert.ThrowsAsync<BrokerException>(() => AskAsync(Answer("200 OK", "{}"), c => c.ClaimAsync("c", default)))).IsUnreadable);

    [Theory]
    [InlineData("application/json; charset=bogus")]
    [InlineData("text/html")]
    [InlineData("nonsense")]
    public async Task JsonIsUtf8WhateverItsHeaderSays(string contentType) =>
        Assert.Equal("x", (await AskAsync(Answer("200 OK", "\uFEFF" + Job, $"Content-Type: {contentType}"), c => c.GetAsync("x"))).Id);

    [Fact]
    public async Task BytesThatAreNoUtf8AreUnreadable()
    {
        var body = Encoding.Latin1.GetBytes(Job.Replace("ping", "p\u00e4ng", StringComparison.Ordinal));
        Assert.True((await FailsAsync([.. Head("200 OK", body.Length, "Content-Type: application/json; charset=bogus"), .. body])).IsUnreadable);
    }

    [Fact]
    public async Task AnAnswerOverTheLimitIsNotRead()
    {
        var e = await FailsAsync([.. Head("200 OK", (16 << 20) + 1), .. new byte[1 << 20]]);
        Assert.Contains("longer than 16 MiB", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1e300", 86400.0)]
    [InlineData("1e-9", 0.1)]
    [InlineData("60", 60.0)]
    [InlineData("0", null)]
    [InlineData("-5", null)]
    [InlineData("null", null)]
    public async Task ALeaseIsOneThatATimerCanFollow(string sent, double? seconds)
    {
        var claim = """{"job":{"id":"x","status":"running","command":"ping","lease_seconds":SENT}}""".Replace("SENT", sent, StringComparison.Ordinal);
        Assert.Equal(seconds, (await AskAsync(Answer("200 OK", claim), c => c.ClaimAsync("c", default)))!.LeaseSeconds);
    }

    [Theory]
    [InlineData("7", 7.0)]
    [InlineData("1000000000", 60.0)]
    [InlineData("Wed, 21 Oct 2037 07:28:00 GMT", 60.0)]
    [InlineData("Wed, 21 Oct 2015 07:28:00 GMT", 0.0)]
    [InlineData("soon", null)]
    public async Task RetryAfterIsAMinuteAtMost(string header, double? seconds)
    {
        var e = await FailsAsync(Answer("503 Service Unavailable", """{"detail":"later","code":"busy"}""", $"Retry-After: {header}"));
        Assert.Equal(("later", "busy", seconds), (e.Message, e.Code, e.RetryAfter?.TotalSeconds));
        Assert.Equal((true, false, false), (e.IsPassing, e.WasLost, e.IsAway));
    }

    [Theory]
    [InlineData("400 Bad Request", false, false)]
    [InlineData("401 Unauthorized", false, false)]
    [InlineData("302 Found", false, false)]
    [InlineData("429 Too Many Requests", true, false)]
    [InlineData("500 Internal Server Error", true, true)]
    [InlineData("502 Bad Gateway", true, true)]
    [InlineData("503 Service Unavailable", true, false)]
    [InlineData("507 Insufficient Storage", true, false)]
    public async Task ARefusalTellsWhetherItPassesAndWhetherTheWorkMayBeDone(string status, bool isPassing, bool wasLost)
    {
        foreach (var body in (string[])["""{"detail":"no"}""", "a proxy's page", """{"detail":5}"""])
        {
            var e = await FailsAsync(Answer(status, body));
            Assert.Equal((isPassing, wasLost, false, false), (e.IsPassing, e.WasLost, e.NeverArrived, e.IsAway));
        }
    }

    [Fact]
    public async Task ABrokerOutOfReachNeverGotTheRequest()
    {
        var client = Client(new Uri($"http://127.0.0.1:{FreePort.Take()}"));
        var e = await Assert.ThrowsAsync<BrokerException>(() => client.GetAsync("x"));
        Assert.Equal((true, true, true, false), (e.IsAway, e.IsPassing, e.NeverArrived, e.WasLost));
    }

    /// <summary>HttpClient asks a new connection for its far end, and lets the socket's own exception through when it is gone by then.</summary>
    [Fact]
    public async Task AConnectionThatIsResetWhileItIsMadeIsABrokerOutOfReach()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var http = new HttpClient(new SocketsHttpHandler { ConnectCallback = async (_, stop) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(listener.LocalEndpoint, stop);
            using (var far = await listener.AcceptSocketAsync(stop)) far.LingerState = new LingerOption(true, 0);
            Assert.True(socket.Poll(Broken.After, SelectMode.SelectError) || socket.Poll(Broken.After, SelectMode.SelectRead));
            return new NetworkStream(socket, ownsSocket: true);
        } });
        var client = new BrokerClient(http, new Uri("http://broker.invalid"), new BrokerCredentials { BotToken = "b" }, TimeProvider.System);
        var e = await Assert.ThrowsAsync<BrokerException>(() => client.GetAsync("x"));
        Assert.IsType<SocketException>(e.InnerException);
        Assert.Equal((true, true, true, false), (e.IsAway, e.IsPassing, e.NeverArrived, e.WasLost));
    }

    [Theory]
    [InlineData("HTTP/1.1 2")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"id\"")]
    [InlineData("no http at all\r\n\r\n")]
    public async Task AnAnswerThatIsCutOffWasLost(string bytes)
    {
        var e = await FailsAsync(Encoding.ASCII.GetBytes(bytes));
        Assert.Equal((true, true, false, true), (e.IsAway, e.IsPassing, e.NeverArrived, e.WasLost));
    }

    [Fact]
    public async Task TheCallersOwnStopIsNoFailureOfTheBroker()
    {
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Client(new Uri("http://127.0.0.1:9")).GetAsync("x", stop: stop.Token));
    }

    [Fact]
    public async Task AnIdIsNeverAPath()
    {
        string[] paths = await Task.WhenAll(
            PathAsync(Job, c => c.GetAsync("../a?b")),
            PathAsync("""{"ok":true,"status":"done"}""", c => c.CancelAsync("../a?b")),
            PathAsync("""{"ok":true,"status":"done"}""", c => c.FinishAsync("../a?b", null, "r")),
            PathAsync("""{"ok":true,"status":"done"}""", c => c.FailAsync("../a?b", null, "e")),
            PathAsync("""{"ok":true,"status":"done"}""", c => c.ReleaseAsync("../a?b", null)),
            PathAsync("""{"ok":true,"status":"done","lease_until":1,"lease_seconds":60,"cancel_requested":false}""", c => c.HeartbeatAsync("../a?b", null)));
        Assert.Equal(
            ["", "/cancel", "/result", "/fail", "/release", "/heartbeat"],
            paths.Select(p => p.Replace("/jobs/..%2Fa%3Fb", "", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("canary\r\nX-Evil: 1")]
    [InlineData("canary\n")]
    [InlineData("\u00fc-canary")]
    [InlineData(" canary")]
    public void CredentialsThatNoHeaderCarriesAreRefusedWhenTheyAreMade(string value)
    {
        foreach (var make in (Func<object>[])
        [
            () => new BrokerCredentials { BotToken = value }, () => new BrokerCredentials { WorkerToken = value },
            () => new BrokerCredentials { WorkerId = value }, () => new BrokerCredentials { Caps = ["gpu", value] },
        ])
        {
            var e = Assert.Throws<ArgumentException>(make);
            Assert.Contains("no HTTP header can carry", e.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("canary", e.Message, StringComparison.Ordinal);
        }
    }

    private static BrokerClient Client(Uri url) =>
        new(BrokerHttp.Create(), url, new BrokerCredentials { BotToken = "b", WorkerToken = "w", WorkerId = "w" }, TimeProvider.System);

    private static byte[] Answer(string status, string body, params string[] headers)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        return [.. Head(status, bytes.Length, headers), .. bytes];
    }

    private static byte[] Head(string status, int length, params string[] headers)
    {
        string[] lines = [$"HTTP/1.1 {status}", "Connection: close", string.Create(CultureInfo.InvariantCulture, $"Content-Length: {length}"),
            .. headers, "", ""];
        return Encoding.ASCII.GetBytes(string.Join("\r\n", lines));
    }

    private static Task<BrokerException> FailsAsync(byte[] answer) => Assert.ThrowsAsync<BrokerException>(() => AskAsync(answer, c => c.GetAsync("x")));

    private static async Task<T> AskAsync<T>(byte[] answer, Func<BrokerClient, Task<T>> ask) => (await ExchangeAsync(answer, ask)).Answer;

    private static async Task<string> PathAsync<T>(string body, Func<BrokerClient, Task<T>> ask) =>
        (await ExchangeAsync(Answer("200 OK", body), ask)).Request.Split(' ')[1];

    /// <summary>One connection: reads a request's head and writes the answer.</summary>
    private static async Task<(string Request, T Answer)> ExchangeAsync<T>(byte[] answer, Func<BrokerClient, Task<T>> ask)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = ServeAsync(listener, answer);
        var result = await ask(Client(new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}")));
        return (await serving, result);
    }

    private static async Task<string> ServeAsync(TcpListener listener, byte[] answer)
    {
        using var client = await listener.AcceptTcpClientAsync();
        var stream = client.GetStream();
        var request = new StringBuilder();
        var buffer = new byte[4096];
        while (!request.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
        {
            var read = await stream.ReadAsync(buffer);
            if (read == 0) break;
            request.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }
        try
        {
            await stream.WriteAsync(answer);
        }
        catch (IOException)
        {
            // The client has heard enough.
        }
        return request.ToString();
    }
}
