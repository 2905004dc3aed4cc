using System.Globalization;
using System.Net;
using OpenClaw.Testing;
using OpenClaw.Testing.Http;

namespace OpenClaw.Broker.Tests;

/// <summary>What browsers, proxies and other people's pages can't do to the broker: the names it answers under, origins, forms, headers.</summary>
public sealed class BrowserTests(BrokerWithDashboard dashboard) : IClassFixture<BrokerWithDashboard>
{
    private const string NoJob = "00000000-0000-4000-8000-000000000000";
    private readonly BrokerProcess broker = dashboard.Broker;

    /// <summary>A page of another's whose name suddenly means this machine sends its own name.</summary>
    [Theory]
    [InlineData("evil.example", 421)]
    [InlineData("evil.example:8000", 421)]
    [InlineData("ts.net.evil.example", 421)]
    [InlineData("localhost.evil.example", 421)]
    [InlineData("127.0.0.1.evil.example", 421)]
    [InlineData("evilts.net", 421)]
    [InlineData("below.example", 421)]
    [InlineData("notbroker.example", 421)]
    [InlineData("", 200)]
    [InlineData("x", 200)]
    [InlineData("localhost", 200)]
    [InlineData("LOCALHOST:8000", 200)]
    [InlineData("127.0.0.1:8000", 200)]
    [InlineData("203.0.113.7", 200)]
    [InlineData("[::1]:8000", 200)]
    [InlineData("[::1]", 200)]
    [InlineData("vps.tail1234.ts.net", 200)]
    [InlineData("vps.tail1234.ts.net.", 200)]
    [InlineData("vps.local", 200)]
    [InlineData("vps.internal:8000", 200)]
    [InlineData("vps.lan", 200)]
    [InlineData("vps.home.arpa", 200)]
    [InlineData("broker.localhost", 200)]
    [InlineData("broker.test", 200)]
    [InlineData("broker.example", 200)]
    [InlineData("Broker.Example:8000", 200)]
    [InlineData("port.example", 200)]
    [InlineData("a.b.below.example", 200)]
    public async Task BrokerAnswersUnderItsOwnNamesAlone(string host, int status)
    {
        foreach (var path in (string[])["/health", "/jobs", $"/jobs/{NoJob}", "/jobs/next", "/login", "/dashboard/", "/nowhere"])
        {
            using var connection = await RawConnection.OpenAsync(broker.Url);
            await connection.SendAsync(RawConnection.Head("GET " + path, "Host: " + host));
            var answer = await connection.ReceiveAsync();
            Assert.True(status == 421 == (answer.Status == 421), $"{path}: {answer}");
            if (status != 421) continue;
            Assert.Equal("wrong_host", answer["code"].GetString());
            Assert.Contains("ALLOWED_HOSTS", answer["detail"].GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task MachinesFullNameIsTheBrokersToo() =>
        Assert.Equal(200, (await broker.Api.GetAsync("/health", "Host: " + Dns.GetHostName())).Status);

    [Fact]
    public async Task NameInBrokerHostIsTheBrokersToo()
    {
        var names = new Http.OwnNames(new BrokerOptions { DatabasePath = "", BotToken = "", WorkerToken = "", Host = "jobs.example.net" });
        Assert.True(names.Contains("jobs.example.net"));
        Assert.False(names.Contains("other.example.net"));
        await using var any = await BrokerFixture.StartAsync(configure: static o => o with { AllowedHosts = ["*"] });
        Assert.Equal(200, await StatusAsync("Host: evil.example"));
        Assert.Equal(403, await StatusAsync("Host: evil.example", "Origin: https://evil.example")); // a page is nobody's because any host is ours

        async Task<int> StatusAsync(params string[] headers)
        {
            using var connection = await RawConnection.OpenAsync(any.Url);
            await connection.SendAsync(RawConnection.Head("GET /health", headers));
            return (await connection.ReceiveAsync()).Status;
        }
    }

    [Fact]
    public async Task OldHttpNeedsNoHost()
    {
        using var connection = await RawConnection.OpenAsync(broker.Url);
        await connection.SendAsync("GET /health HTTP/1.0\r\n\r\n");
        Assert.Equal(200, (await connection.ReceiveAsync()).Status);
    }

    [Theory]
    [InlineData("https://evil.example", 403)]
    [InlineData("null", 403)]
    [InlineData("", 403)]
    [InlineData("http://127.0.0.1", 403)]
    [InlineData("http://127.0.0.1:1", 403)]
    [InlineData("https://127.0.0.1:{port}", 403)]
    [InlineData("http://localhost:{port}", 403)]
    [InlineData("file://", 403)]
    [InlineData("http://127.0.0.1:{port}.evil.example", 403)]
    [InlineData("http://127.0.0.1:{port}", 200)]
    [InlineData("https://broker.example", 200)]
    [InlineData("https://a.below.example:8443", 200)]
    [InlineData("ftp://broker.example", 403)]
    public async Task PageOfAnotherSiteIsRefused(string origin, int status)
    {
        var header = "Origin: " + origin.Replace("{port}", broker.Url.Port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        foreach (var (method, path) in ((string, string)[])[("GET", "/health"), ("POST", "/jobs"), ("GET", $"/jobs/{NoJob}"), ("POST", "/login"),
            ("GET", "/dashboard/"), ("OPTIONS", "/jobs"), ("GET", "/nowhere")])
        {
            var answer = await SendAsync(method, path, header);
            Assert.True(status == 403 == (answer.Status == 403), $"{method} {path}: {answer}");
            if (status == 403) Assert.Equal("forbidden", answer["code"].GetString());
            Assert.DoesNotContain(answer.Headers.Keys, static name => name.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
        }
        Assert.Equal(403, (await SendAsync("GET", "/health", header, "Origin: https://evil.example")).Status);
    }

    [Theory]
    [InlineData("https://evil.example", 403)]
    [InlineData("http://127.0.0.1:{port}", 405)]
    public async Task PreflightGetsNoPermission(string origin, int status)
    {
        var answer = await SendAsync("OPTIONS", "/jobs", "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: x-bot-token",
            "Origin: " + origin.Replace("{port}", broker.Url.Port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal));
        Assert.Equal(status, answer.Status);
        Assert.DoesNotContain(answer.Headers.Keys, static name => name.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("TEXT/PLAIN; charset=utf-8")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data; boundary=b")]
    public async Task FormsAreRefusedWhereTheContractIsSilent(string contentType)
    {
        var api = broker.Api;
        var header = "Content-Type: " + contentType;
        foreach (var verb in (string[])["heartbeat", "release"])
        {
            Assert.Equal(415, (await api.PostAsync($"/jobs/{NoJob}/{verb}", "a=b", header, api.Worker)).Status);
            Assert.Equal(401, (await api.PostAsync($"/jobs/{NoJob}/{verb}", "a=b", header)).Status); // the token comes first
        }
        foreach (var path in (string[])[$"/jobs/{NoJob}/cancel", "/queues/default/pause", "/queues/default/resume"])
        {
            Assert.Equal(415, (await api.PostAsync(path, "a=b", header, api.Bot)).Status);
        }
        Assert.Equal(422, (await api.PostAsync("/jobs", "a=b", header, api.Bot)).Status);
        var id = await api.NewJobAsync();
        var job = await api.TakeAsync();
        foreach (var verb in (string[])["result", "fail"]) Assert.Equal(422, (await api.DoAsync(job.Id(), verb, "a=b", header)).Status);
        Assert.Equal(200, (await api.FailAsync(id, "done with")).Status);
    }

    [Theory]
    [InlineData("GET", "/health", 200)]
    [InlineData("GET", "/health/ready", 200)]
    [InlineData("HEAD", "/health", 200)]
    [InlineData("GET", "/jobs", 200)]
    [InlineData("GET", "/nowhere", 404)]
    [InlineData("DELETE", "/jobs", 405)]
    [InlineData("POST", "/jobs", 422)]
    [InlineData("GET", "/jobs/next", 401)]
    [InlineData("GET", "/jobs?limit=0", 422)]
    public async Task EveryAnswerTellsBrowsersToMakeNothingOfIt(string method, string path, int status)
    {
        AssertGuarded(await SendAsync(method, path, broker.Api.Bot), status);
        AssertGuarded(await SendAsync(method, path, broker.Api.Bot, "Origin: null"), 403);
        using var wrong = await RawConnection.OpenAsync(broker.Url);
        await wrong.SendAsync(RawConnection.Head("GET /", "Host: evil.example"));
        AssertGuarded(await wrong.ReceiveAsync(), 421);
        using var chunky = await RawConnection.OpenAsync(broker.Url);
        await chunky.SendAsync(RawConnection.Head("POST /jobs", "Host: x", "Transfer-Encoding: gzip, chunked"));
        AssertGuarded(await chunky.ReceiveAsync(), 501);
    }

    /// <summary>Who asks is known by the token alone, and where by the connection.</summary>
    [Theory]
    [InlineData("X-Forwarded-For: 127.0.0.1")]
    [InlineData("X-Forwarded-Host: evil.example")]
    [InlineData("X-Forwarded-Proto: https")]
    [InlineData("Forwarded: for=127.0.0.1;host=evil.example;proto=https")]
    [InlineData("X-Real-IP: 127.0.0.1")]
    [InlineData("Tailscale-User-Login: admin@example.com")]
    [InlineData("X-Original-URL: /health")]
    [InlineData("X-HTTP-Method-Override: DELETE")]
    public async Task WhatAProxySaysOfTheSenderChangesNothing(string header)
    {
        foreach (var path in (string[])["/health", "/jobs", $"/jobs/{NoJob}", "/jobs/next", "/queues", "/dashboard/", "/nowhere"])
        {
            var (plain, proxied) = (await broker.Api.GetAsync(path), await broker.Api.GetAsync(path, header));
            Assert.Equal(plain.ToString(), proxied.ToString());
            Assert.Equal(plain.Headers.Where(static h => h.Key != "Date"), proxied.Headers.Where(static h => h.Key != "Date"));
        }
        Assert.Equal(421, await StatusAsync("Host: evil.example", header));
        Assert.Equal(403, await StatusAsync($"Host: 127.0.0.1:{broker.Url.Port}", $"Origin: https://127.0.0.1:{broker.Url.Port}", header));

        async Task<int> StatusAsync(params string[] headers)
        {
            using var connection = await RawConnection.OpenAsync(broker.Url);
            await connection.SendAsync(RawConnection.Head("GET /health", headers));
            return (await connection.ReceiveAsync()).Status;
        }
    }

    private static void AssertGuarded(Answer answer, int status)
    {
        Assert.Equal(status, answer.Status);
        Assert.Equal("nosniff", answer.Headers["X-Content-Type-Options"]);
        Assert.Equal("no-store", answer.Headers["Cache-Control"]);
        Assert.Equal("default-src 'none'; frame-ancestors 'none'", answer.Headers["Content-Security-Policy"]);
        Assert.Equal("DENY", answer.Headers["X-Frame-Options"]);
        Assert.Equal("no-referrer", answer.Headers["Referrer-Policy"]);
        Assert.False(answer.Headers.ContainsKey("Server"));
    }

    private async Task<Answer> SendAsync(string method, string path, params string[] headers)
    {
        using var connection = await RawConnection.OpenAsync(broker.Url);
        await connection.SendAsync(RawConnection.Head($"{method} {path}", [$"Host: 127.0.0.1:{broker.Url.Port}", .. headers, "Content-Length: 0"]));
        return method == "HEAD" ? await connection.ReceiveHeadAsync() : await connection.ReceiveAsync();
    }
}
