using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using OpenClaw.Testing;

namespace OpenClaw.Broker.Tests;

/// <summary>The dashboard as a real browser takes it: its forms, cookies, content policy, and what another site's page may send.</summary>
public sealed class DashboardInChromiumTests(BrokerWithDashboard dashboard) : IClassFixture<BrokerWithDashboard>, IAsyncLifetime
{
    private readonly BrokerProcess broker = dashboard.Broker;
    private readonly List<string> complaints = [];
    private IPlaywright? playwright;
    private IBrowser browser = null!;
    private IPage page = null!;

    public async Task InitializeAsync()
    {
        if (Chromium.Find() is not { } path) return;
        playwright = await Playwright.CreateAsync();
        browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = path });
        Assertions.SetDefaultExpectTimeout((float)Broken.After.TotalMilliseconds); // figures come when the dashboard has sampled some
        page = await browser.NewPageAsync(new BrowserNewPageOptions { BaseURL = broker.Url.AbsoluteUri });
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning") complaints.Add($"{message.Location}: {message.Text}");
        };
        page.PageError += (_, error) => complaints.Add(error);
    }

    public async Task DisposeAsync()
    {
        if (playwright is null) return;
        await browser.DisposeAsync();
        playwright.Dispose();
    }

    [ChromiumFact]
    public async Task LoginLetsTheAdminInAndSignOutLetsNobodyIn()
    {
        Assert.True(playwright is not null, Chromium.Missing);
        await page.GotoAsync("dashboard/");
        Assert.EndsWith("/login", page.Url, StringComparison.Ordinal);
        await LoginAsync("no token of anybody's");
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("ADMIN_TOKEN");
        Assert.Matches("status of 401", Assert.Single(complaints));
        complaints.Clear();

        await LoginAsync(BrokerWithDashboard.AdminToken);
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("/dashboard/$"));
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Overview" }).First).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Silos" }).First.ClickAsync();
        await Assertions.Expect(page.GetByText("Silo Health").First).ToBeVisibleAsync();

        await page.GotoAsync("login");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Sign out" }).ClickAsync();
        await Assertions.Expect(page.GetByLabel("Admin token")).ToBeVisibleAsync();
        await page.GotoAsync("dashboard/");
        Assert.EndsWith("/login", page.Url, StringComparison.Ordinal);
        Assert.Empty(complaints);
    }

    /// <summary>A page on another port is of the same site for cookies, so the session's goes with its forms.</summary>
    [ChromiumFact]
    public async Task FormsOfAnotherOriginAreRefused()
    {
        Assert.True(playwright is not null, Chromium.Missing);
        await page.GotoAsync("login");
        await LoginAsync(BrokerWithDashboard.AdminToken);
        await using var other = new OtherSite($"""
            <form method="post" action="{broker.Url}logout"><button>logout</button></form>
            <form method="post" action="{broker.Url}login"><input name="token" value="{BrokerWithDashboard.AdminToken}"><button>login</button></form>
            <form method="post" action="{broker.Url}jobs" enctype="text/plain">
                <input name='&#123;"command":"ping","payload":"' value='"&#125;'><button>jobs</button></form>
            """);
        foreach (var form in (string[])["logout", "login", "jobs"])
        {
            await page.GotoAsync(other.Url.AbsoluteUri);
            var answer = await page.RunAndWaitForResponseAsync(
                () => page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = form }).ClickAsync(), broker.Url + form);
            Assert.Equal(403, answer.Status);
            Assert.Equal(other.Url.GetLeftPart(UriPartial.Authority), answer.Request.Headers["origin"]);
        }
        await page.GotoAsync(other.Url.AbsoluteUri);
        Assert.Equal("TypeError", await page.EvaluateAsync<string>($"fetch('{broker.Url}health').then(a => a.text(), e => e.name)"));
        await page.GotoAsync("login");
        await Assertions.Expect(page.GetByText("You are signed in.")).ToBeVisibleAsync();
    }

    private async Task LoginAsync(string token)
    {
        await page.GetByLabel("Admin token").FillAsync(token);
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Open the dashboard" }).ClickAsync();
    }

    /// <summary>One page at an origin of its own.</summary>
    private sealed class OtherSite : IAsyncDisposable
    {
        private readonly HttpListener listener = new();
        private readonly Task loop;

        public OtherSite(string html)
        {
            Url = new Uri($"http://127.0.0.1:{FreePort.Take()}/");
            listener.Prefixes.Add(Url.AbsoluteUri);
            listener.Start();
            loop = ServeAsync(Encoding.UTF8.GetBytes("<!doctype html>" + html));
        }

        public Uri Url { get; }

        public async ValueTask DisposeAsync()
        {
            listener.Close();
            await loop;
        }

        private async Task ServeAsync(byte[] html)
        {
            try
            {
                while (true)
                {
                    var answer = (await listener.GetContextAsync()).Response;
                    answer.ContentType = "text/html";
                    answer.Close(html, willBlock: true);
                }
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                // Closed.
            }
        }
    }
}
