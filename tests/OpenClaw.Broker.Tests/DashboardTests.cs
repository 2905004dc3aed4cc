using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Broker.Tests;

public sealed class BrokerWithDashboard : IAsyncLifetime
{
    public const string AdminToken = "admin-token-of-the-tests-0123456789abcdef";
    private readonly TempFolder folder = new();

    public BrokerProcess Broker { get; private set; } = null!;

    public async Task InitializeAsync() => Broker = await BrokerProcess.StartAsync(folder.File("broker.db"),
        new Dictionary<string, string> { [Variables.AdminToken] = AdminToken,
            [BrokerVariables.AllowedHosts] = "broker.example, .below.example, port.example:8443" });

    public async Task DisposeAsync()
    {
        await Broker.DisposeAsync();
        folder.Dispose();
    }
}

public sealed class DashboardTests(BrokerWithDashboard dashboard) : IClassFixture<BrokerWithDashboard>
{
    private const string AdminToken = BrokerWithDashboard.AdminToken;
    private readonly BrokerProcess broker = dashboard.Broker;

    [Fact]
    public async Task DashboardIsBehindTheLoginAndTheLoginTakesTheAdminTokenAlone()
    {
        using var handler = new HttpClientHandler { AllowAutoRedirect = false };
        using var browser = new HttpClient(handler) { BaseAddress = broker.Url };
        foreach (var path in (string[])["/dashboard/", "/dashboard/DashboardCounters", "/dashboard/ClusterStats", "/dashboard/index.min.js"])
        {
            using var refused = await browser.GetAsync(new Uri(path, UriKind.Relative));
            Assert.Equal(HttpStatusCode.Redirect, refused.StatusCode);
            Assert.Equal("/login", refused.Headers.Location!.OriginalString); // relative: no Host header leads elsewhere
        }
        using var wrong = await LoginAsync(browser, BrokerProcess.BotToken);
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        Assert.False(wrong.Headers.Contains("Set-Cookie"));
        Assert.Contains("ADMIN_TOKEN", await wrong.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        using var right = await LoginAsync(browser, AdminToken);
        var cookie = Assert.Single(right.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("<html", await browser.GetStringAsync(new Uri("/dashboard/", UriKind.Relative)), StringComparison.OrdinalIgnoreCase);
        await BrokerFixture.EventuallyAsync(async () => // it counts once a second
            (await browser.GetStringAsync(new Uri("/dashboard/DashboardCounters", UriKind.Relative))).Contains("QueueGrain", StringComparison.Ordinal));
    }

    /// <summary>Its counters are collected for those who look: the first look begins it.</summary>
    [Fact]
    public async Task WhoLooksSeesTheSilosCounters()
    {
        using var signedIn = await LoginAsync(broker.Url);
        var silo = Regex.Match(await signedIn.GetStringAsync(Relative("/dashboard/DashboardCounters")), "\"siloAddress\":\"([^\"]+)\"").Groups[1].Value;
        await BrokerFixture.EventuallyAsync(async () =>
            (await signedIn.GetStringAsync(Relative("/dashboard/SiloCounters/" + silo))).Contains("orleans-catalog-activations", StringComparison.Ordinal));
    }

    [Fact]
    public async Task SignOutEndsTheSessionForEveryCopyOfItsCookie()
    {
        using var signedIn = await LoginAsync(broker.Url);
        Assert.Contains("Sign out", await signedIn.GetStringAsync(Relative("/login")), StringComparison.Ordinal);
        Assert.Equal(405, (await broker.Api.GetAsync("/logout")).Status);
        using var form = await FormAsync(signedIn);
        using var left = await signedIn.PostAsync(Relative("/logout"), form);
        Assert.Equal("/login", left.Headers.Location!.OriginalString);
        using var after = await signedIn.GetAsync(Relative("/dashboard/DashboardCounters"));
        Assert.Equal(HttpStatusCode.Redirect, after.StatusCode);
    }

    [Theory]
    [InlineData("/dashboard/nothing")]
    [InlineData("/dashboard/fonts/nothing")]
    [InlineData("/dashboard/HistoricalStats/nothing")]
    [InlineData("/dashboard/SiloProperties/nothing")]
    [InlineData("/dashboard/SiloStats/nothing")]
    [InlineData("/dashboard/SiloCounters/nothing")]
    [InlineData("/dashboard/GrainState?grainId=x&grainType=y")]
    [InlineData("/dashboard/HistoricalStats/")]
    public async Task WhatTheDashboardDoesNotKnowIsNoServerError(string path)
    {
        using var signedIn = await LoginAsync(broker.Url);
        using var answer = await signedIn.GetAsync(Relative(path));
        Assert.True((int)answer.StatusCode < 500, $"{path}: {answer.StatusCode}");
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded", "token")]
    [InlineData("application/x-www-form-urlencoded", "%ff%zz=&&=;token=%")]
    [InlineData("multipart/form-data", "x")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"token\"")]
    [InlineData("multipart/form-data; boundary=", "")]
    [InlineData("text/plain", "token=x")]
    [InlineData("nonsense/;;", "\u0000")]
    public async Task MalformedLoginFormIsARefusedLogin(string contentType, string body)
    {
        var answer = await broker.Api.PostAsync("/login", body, "Content-Type: " + contentType);
        Assert.True(answer.Status is 400 or 401, answer.ToString());
    }

    /// <summary>Everything that the dashboard's page and style sheet name is something its policy lets a browser load.</summary>
    [Fact]
    public async Task PolicyAllowsWhatThePagesLoad()
    {
        using var signedIn = await LoginAsync(broker.Url);
        using var page = await signedIn.GetAsync(Relative("/dashboard/"));
        var policy = Assert.Single(page.Headers.GetValues("Content-Security-Policy")).Split(';', StringSplitOptions.TrimEntries)
            .ToDictionary(d => d.Split(' ')[0], d => d.Split(' ')[1..]);
        Assert.Equal(["'none'"], policy["default-src"]);
        Assert.Equal(["'none'"], policy["frame-ancestors"]);
        var html = await page.Content.ReadAsStringAsync();
        Assert.DoesNotMatch("<script(?![^>]*src=)", html); // no script within the page
        Assert.DoesNotMatch(" on[a-z]+=", html);
        foreach (Match link in Regex.Matches(html, "(?:src|href)=\"([^\"]+)\"")) await AssertAllowedAsync(link.Groups[1].Value,
            link.Value.StartsWith("src", StringComparison.Ordinal) ? "script-src" : "style-src");
        var css = await signedIn.GetStringAsync(Relative("/dashboard/index.css"));
        Assert.DoesNotContain("@import", css, StringComparison.Ordinal);
        foreach (Match url in Regex.Matches(css, "url\\([\"']?([^\"')]+)")) await AssertAllowedAsync(url.Groups[1].Value,
            url.Groups[1].Value.Contains("font", StringComparison.Ordinal) ? "font-src" : "img-src");

        async Task AssertAllowedAsync(string address, string directive)
        {
            if (address.StartsWith("data:", StringComparison.Ordinal))
            {
                Assert.Contains("data:", policy[directive]);
                return;
            }
            Assert.Contains("'self'", policy[directive]);
            using var found = await signedIn.GetAsync(new Uri(new Uri(broker.Url, "/dashboard/"), address));
            Assert.Equal(HttpStatusCode.OK, found.StatusCode);
        }
    }

    [Fact]
    public async Task WithoutAnAdminTokenThereIsNoDashboard()
    {
        await using var plain = await BrokerFixture.StartAsync();
        foreach (var path in (string[])["/dashboard/", "/login"])
        {
            using var missing = await plain.Http.GetAsync(Relative(path));
            Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        }
    }

    [Fact]
    public async Task WithDashboard0ThereIsNoneAlthoughThereIsAnAdminToken()
    {
        await using var plain = await BrokerFixture.StartAsync(configure: static o => o with { AdminToken = AdminToken, AllowDashboard = false });
        foreach (var path in (string[])["/dashboard/", "/login"])
        {
            using var missing = await plain.Http.GetAsync(Relative(path));
            Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        }
    }

    /// <summary>On an address of another network it is not there, whatever its token; the first of this machine's own stands for one.</summary>
    [Fact]
    public async Task DashboardIsServedOnThisMachineAndItsTailnetAlone()
    {
        var address = NetworkInterface.GetAllNetworkInterfaces().SelectMany(static i => i.GetIPProperties().UnicastAddresses).Select(static a => a.Address)
            .First(static a => a.AddressFamily == AddressFamily.InterNetwork && !Tailnet.IsPrivate(a));
        await using var plain = await BrokerFixture.StartAsync(configure: static o => o with { AdminToken = AdminToken, Host = "0.0.0.0" });
        foreach (var path in (string[])["/dashboard/", "/login"])
        {
            using var there = await plain.Http.GetAsync(new Uri($"http://{address}:{plain.Url.Port}{path}"));
            Assert.Equal(HttpStatusCode.Forbidden, there.StatusCode);
            using var here = await plain.Http.GetAsync(new Uri($"http://127.0.0.1:{plain.Url.Port}{path}"));
            Assert.Equal(HttpStatusCode.OK, here.StatusCode);
        }
    }

    [Fact]
    public async Task LoginAndSignOutTakeTheirOwnPagesFormsAlone()
    {
        using var signedIn = await LoginAsync(broker.Url);
        using var handler = new HttpClientHandler { AllowAutoRedirect = false };
        using var browser = new HttpClient(handler) { BaseAddress = broker.Url };
        foreach (var theirs in (string?[])[null, "CfDJ8-made-up"])
        {
            var fields = new Dictionary<string, string> { ["token"] = AdminToken };
            if (theirs is not null) fields["form"] = theirs;
            using var form = new FormUrlEncodedContent(fields);
            using var login = await browser.PostAsync(Relative("/login"), form);
            Assert.Equal(HttpStatusCode.BadRequest, login.StatusCode);
            Assert.DoesNotContain(handler.CookieContainer.GetAllCookies(), static c => c.Name == "openclaw-admin");
            using var again = new FormUrlEncodedContent(fields);
            using var logout = await signedIn.PostAsync(Relative("/logout"), again);
            Assert.Equal(HttpStatusCode.BadRequest, logout.StatusCode);
        }
        // Another browser's form has another cookie.
        using var other = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = broker.Url };
        using var stolen = await FormAsync(other);
        using var crossed = await signedIn.PostAsync(Relative("/logout"), stolen);
        Assert.Equal(HttpStatusCode.BadRequest, crossed.StatusCode);
        using var still = await signedIn.GetAsync(Relative("/dashboard/DashboardCounters"));
        Assert.Equal(HttpStatusCode.OK, still.StatusCode);

        using var page = await other.GetAsync(Relative("/login"));
        using var fresh = new HttpClient { BaseAddress = broker.Url };
        using var first = await fresh.GetAsync(Relative("/login"));
        var cookie = Assert.Single(first.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("same-origin", Assert.Single(page.Headers.GetValues("Referrer-Policy"))); // else its own form comes with "Origin: null"
        Assert.Equal("DENY", Assert.Single(page.Headers.GetValues("X-Frame-Options")));
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("PATCH")]
    [InlineData("OPTIONS")]
    public async Task DashboardOnlyShows(string method)
    {
        using var signedIn = await LoginAsync(broker.Url);
        foreach (var path in (string[])["/dashboard/", "/dashboard/DashboardCounters", "/dashboard/nothing"])
        {
            using var answer = await signedIn.SendAsync(new HttpRequestMessage(new HttpMethod(method), Relative(path)));
            Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
            Assert.Equal(["GET", "HEAD"], answer.Content.Headers.Allow);
        }
    }

    private static Uri Relative(string path) => new(path, UriKind.Relative);

    /// <summary>A browser that holds on to its cookies, whatever the broker says.</summary>
    private static async Task<HttpClient> LoginAsync(Uri url)
    {
        using var handler = new HttpClientHandler { AllowAutoRedirect = false };
        using var login = new HttpClient(handler) { BaseAddress = url };
        using var answer = await LoginAsync(login, AdminToken);
        var signedIn = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = url };
        signedIn.DefaultRequestHeaders.Add("Cookie", handler.CookieContainer.GetCookieHeader(url));
        return signedIn;
    }

    private static async Task<HttpResponseMessage> LoginAsync(HttpClient browser, string token)
    {
        using var form = await FormAsync(browser, ("token", token));
        return await browser.PostAsync(Relative("/login"), form);
    }

    /// <summary>The form of the page that the browser sees, filled in.</summary>
    private static async Task<FormUrlEncodedContent> FormAsync(HttpClient browser, params (string Name, string Value)[] fields)
    {
        var hidden = Regex.Match(await browser.GetStringAsync(Relative("/login")), "name=\"form\" value=\"([^\"]+)\"").Groups[1].Value;
        return new FormUrlEncodedContent([new("form", WebUtility.HtmlDecode(hidden)), .. fields.Select(static f =>
            new KeyValuePair<string, string>(f.Name, f.Value))]);
    }
}
