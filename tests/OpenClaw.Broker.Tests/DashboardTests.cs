using System.Net;
using OpenClaw.Broker.Queues;
using OpenClaw.Contracts;
using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Broker.Tests;

public sealed class DashboardTests : IDisposable
{
    private const string AdminToken = "admin-token-of-the-tests-0123456789abcdef";
    private readonly TempFolder folder = new();

    [Fact]
    public async Task DashboardIsBehindTheLoginAndTheLoginTakesTheAdminTokenAlone()
    {
        await using var broker = await StartAsync(AdminToken);
        using var handler = new HttpClientHandler { AllowAutoRedirect = false };
        using var browser = new HttpClient(handler) { BaseAddress = broker.Url };
        foreach (var path in (string[])["/dashboard/", "/dashboard/DashboardCounters", "/dashboard/ClusterStats", "/dashboard/index.min.js"])
        {
            using var refused = await browser.GetAsync(new Uri(path, UriKind.Relative));
            Assert.Equal(HttpStatusCode.Redirect, refused.StatusCode);
            Assert.StartsWith(new Uri(broker.Url, "/login").AbsoluteUri, refused.Headers.Location!.AbsoluteUri, StringComparison.Ordinal);
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

    [Fact]
    public async Task WithoutAnAdminTokenThereIsNoDashboard()
    {
        await using var broker = await StartAsync(null);
        using var http = new HttpClient { BaseAddress = broker.Url };
        foreach (var path in (string[])["/dashboard/", "/login"])
        {
            using var missing = await http.GetAsync(new Uri(path, UriKind.Relative));
            Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        }
    }

    public void Dispose() => folder.Dispose();

    private Task<BrokerProcess> StartAsync(string? adminToken) => BrokerProcess.StartAsync(folder.File("broker.db"),
        adminToken is null ? null : new Dictionary<string, string> { [Variables.AdminToken] = adminToken });

    private static async Task<HttpResponseMessage> LoginAsync(HttpClient browser, string token)
    {
        using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["token"] = token });
        return await browser.PostAsync(new Uri("/login", UriKind.Relative), form);
    }
}
