using System.Net;
using Microsoft.AspNetCore.Http;
using OpenClaw.Broker.Hooks;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Tests;

/// <summary>Where webhooks may go, and how they look there.</summary>
public sealed class HookClientTests
{
    private const string News = """
        {"type": "job.failed", "timestamp": "2026-06-01T12:00:00Z", "data": {"id": "0199", "state": "failed", "command": "back\u001b[1mup", "result": null,
        "error": "no\nspace\u202e left", "holds": []}}
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("10.1.2.3")]
    [InlineData("100.64.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.1.1")]
    [InlineData("198.19.0.1")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("2002:7f00:1::")]
    [InlineData("2001:0:7f00:1::")]
    [InlineData("fe80::1")]
    [InlineData("fd7a:115c:a1e0::1")]
    [InlineData("ff02::1")]
    public void PrivateAddressesAreReachedWhereAnAdministratorNamesThem(string text)
    {
        var address = IPAddress.Parse(text);
        Assert.False(Guard("").Allows("example.org", address, isEncrypted: true));
        Assert.True(Guard("example.org").Allows("EXAMPLE.org", address, isEncrypted: false));
        Assert.True(Guard(".org").Allows("example.org", address, isEncrypted: false));
        Assert.True(Guard($"10.9.9.9, {text}").Allows("example.org", address, isEncrypted: false));
        Assert.False(Guard("other.org, .example.org, xample.org").Allows("example.org", address, isEncrypted: true));
    }

    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("172.32.0.1")]
    [InlineData("100.128.0.1")]
    [InlineData("2606:4700::1111")]
    [InlineData("::ffff:1.1.1.1")]
    public void PublicAddressesAreReachedOverHttps(string text)
    {
        Assert.True(Guard("").Allows("example.org", IPAddress.Parse(text), isEncrypted: true));
        Assert.False(Guard("").Allows("example.org", IPAddress.Parse(text), isEncrypted: false));
    }

    [Theory]
    [InlineData("push home")]
    [InlineData("10.0.0.0/33")]
    [InlineData("https://example.org")]
    public void WhatIsNoNameIsRefused(string allow) => Assert.Throws<SettingsException>(() => Guard(allow));

    [Fact]
    public async Task ConnectionGoesToTheAddressThatWasJudged()
    {
        await using var receiver = await HookReceiver.StartAsync();
        var asked = 0;
        using var hooks = new HookClient(new HookGuard([], [IPNetwork.Parse("127.0.0.2/32")]), [], (_, _) =>
            Task.FromResult(new[] { IPAddress.Parse(asked++ % 2 == 0 ? "127.0.0.2" : "127.0.0.1") }), TimeProvider.System);
        Assert.True((await SendAsync(hooks, $"http://example.org:{receiver.Port}/")).IsTaken);
        Assert.Equal((1, IPAddress.Parse("127.0.0.2")), (asked, (await receiver.NextAsync()).At));
        var second = await SendAsync(hooks, $"http://example.org:{receiver.Port}/");
        Assert.Equal((false, false), (second.IsTaken, second.IsRetryable));
        Assert.Contains("has the address 127.0.0.1, which is not public: name the host or the address in WEBHOOK_ALLOW", second.Text, StringComparison.Ordinal);
        Assert.Empty(receiver.Received);
    }

    [Fact]
    public async Task OfSeveralAddressesOnlyAllowedOnesAreTried()
    {
        await using var receiver = await HookReceiver.StartAsync();
        using var hooks = new HookClient(new HookGuard([], [IPNetwork.Parse("127.0.0.2/32")]), [], static (_, _) =>
            Task.FromResult(new[] { IPAddress.Parse("127.0.0.1"), IPAddress.Parse("127.0.0.2") }), TimeProvider.System);
        Assert.True((await SendAsync(hooks, $"http://example.org:{receiver.Port}/")).IsTaken);
        Assert.Equal(IPAddress.Parse("127.0.0.2"), (await receiver.NextAsync()).At);
    }

    [Theory]
    [InlineData("http://localhost:{0}/")]
    [InlineData("http://127.1:{0}/")]
    [InlineData("http://2130706433:{0}/")]
    [InlineData("http://0x7f.0.0.1:{0}/")]
    [InlineData("http://[::ffff:127.0.0.1]:{0}/")]
    [InlineData("https://127.0.0.1:{0}/")]
    [InlineData("ntfy+http://127.0.0.1:{0}/t")]
    [InlineData("gotify+http://T@127.0.0.1:{0}/")]
    public async Task NoSpellingReachesThisMachine(string address)
    {
        await using var receiver = await HookReceiver.StartAsync();
        using var hooks = new HookClient(Guard(""), [], Dns.GetHostAddressesAsync, TimeProvider.System);
        var outcome = await SendAsync(hooks, string.Format(null, address, receiver.Port));
        Assert.Equal((false, false), (outcome.IsTaken, outcome.IsRetryable));
        Assert.Contains("WEBHOOK_ALLOW", outcome.Text, StringComparison.Ordinal);
        Assert.Empty(receiver.Received);
    }

    [Fact]
    public async Task NtfyGetsWhatAPhoneShows()
    {
        await using var receiver = await HookReceiver.StartAsync();
        using var hooks = Local();
        Assert.True((await SendAsync(hooks, $"ntfy+http://tk_a@127.0.0.1:{receiver.Port}/below/to%20pic")).IsTaken);
        var told = await receiver.NextAsync();
        Assert.Equal(("/below/", "Bearer tk_a", null), (told.Path, told.Header("Authorization"), told.Header("webhook-signature")));
        Assert.Equal(("to pic", "back\\u001b[1mup: failed", "no\nspace\\u202e left\n0199", 4), (told.Json.GetProperty("topic").GetString(),
            told.Json.GetProperty("title").GetString(), told.Json.GetProperty("message").GetString(), told.Json.GetProperty("priority").GetInt32()));
        Assert.Equal(told.Body.Length, int.Parse(told.Header("Content-Length")!, System.Globalization.CultureInfo.InvariantCulture));
        Assert.False((await SendAsync(hooks, $"ntfy+http://127.0.0.1:{receiver.Port}/")).IsRetryable); // no topic
    }

    [Fact]
    public async Task GotifyGetsItsTokenInAHeader()
    {
        await using var receiver = await HookReceiver.StartAsync();
        using var hooks = Local();
        Assert.True((await SendAsync(hooks, $"gotify+http://TOKEN@127.0.0.1:{receiver.Port}/below")).IsTaken);
        var told = await receiver.NextAsync();
        Assert.Equal(("/below/message", "TOKEN", null), (told.Path, told.Header("X-Gotify-Key"), told.Header("Authorization")));
        Assert.Equal(8, told.Json.GetProperty("priority").GetInt32());
        Assert.False((await SendAsync(hooks, $"gotify+http://127.0.0.1:{receiver.Port}/")).IsRetryable); // no token
    }

    [Fact]
    public async Task ReceiversAreGivenTheirPasswordAndTwoSignaturesWhileASecretChanges()
    {
        await using var receiver = await HookReceiver.StartAsync();
        using var hooks = new HookClient(Guard("127.0.0.1"), [[1], [2]], Dns.GetHostAddressesAsync, TimeProvider.System);
        await SendAsync(hooks, $"http://us%20er:p%40ss@127.0.0.1:{receiver.Port}/?q=1");
        var told = await receiver.NextAsync();
        Assert.Equal("Basic " + Convert.ToBase64String("us er:p@ss"u8), told.Header("Authorization"));
        Assert.Equal(2, told.Header("webhook-signature")!.Split(' ').Distinct().Count());
    }

    [Fact]
    public async Task ReceiverThatNeverAnswersOrNeverStopsIsLeft()
    {
        await using var receiver = await HookReceiver.StartAsync();
        using var hooks = Local();
        receiver.Answers.Enqueue(static context => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted));
        var silent = await hooks.SendAsync($"http://127.0.0.1:{receiver.Port}/", "id", News, TimeSpan.FromSeconds(0.2), CancellationToken.None);
        Assert.Equal((false, "no answer within 0.2 s", true), (silent.IsTaken, silent.Text, silent.IsRetryable));
        receiver.Answers.Enqueue(static async context =>
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            while (!context.RequestAborted.IsCancellationRequested) await context.Response.WriteAsync(new string('x', 4096), context.RequestAborted);
        });
        var endless = await SendAsync(hooks, $"http://127.0.0.1:{receiver.Port}/");
        Assert.InRange(endless.Text.Length, 100, 600);
        Assert.True(endless.IsRetryable);
    }

    [Theory]
    [InlineData("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz", true)]
    [InlineData("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI0", true)]
    [InlineData("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz", false)]
    [InlineData("whsec_c2hvcnQ=", false)]
    [InlineData("whsec_!", false)]
    [InlineData(null, false)]
    public void SecretsAreThoseOfStandardWebhooks(string? secret, bool isOne)
    {
        var settings = Read(("WEBHOOK_SECRET", secret), ("DELIVER_TOKEN", "t"));
        if (isOne)
        {
            Assert.All(DeliverOptions.Read(settings).Secrets, static s => Assert.Equal(24, s.Length));
            return;
        }
        var refused = Assert.Throws<SettingsException>(() => DeliverOptions.Read(settings));
        Assert.Contains("openssl rand", refused.Message, StringComparison.Ordinal);
    }

    private static HookClient Local() => new(Guard("127.0.0.0/8"), [], Dns.GetHostAddressesAsync, TimeProvider.System);

    private static HookGuard Guard(string allow)
    {
        var settings = Read(("WEBHOOK_ALLOW", allow));
        var guard = HookGuard.Read(settings);
        settings.Check();
        return guard;
    }

    private static Settings Read(params (string Name, string? Value)[] variables) =>
        Settings.Load(name => variables.FirstOrDefault(v => v.Name == name).Value, null);

    private static Task<HookOutcome> SendAsync(HookClient hooks, string address) => hooks.SendAsync(address, "id", News, Patience, CancellationToken.None);
}
