using System.Net;

namespace OpenClaw.Broker.Tests;

/// <summary>Tokens that open nothing: who sends many is not looked at for a minute.</summary>
public sealed class GuessTests
{
    [Fact]
    public async Task TenWrongTokensBlockTheirAddressForAMinuteAndNoOther()
    {
        await using var broker = await Caller.StartAsync();
        var stranger = new Caller(broker, "X-Bot-Token", "wrong-guess");
        var bot = Caller.Bot(broker);
        for (var n = 0; n < 10; n++) Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync("jobs", From("192.0.2.1"))).Status);
        foreach (var caller in (Caller[])[stranger, bot])
        {
            var blocked = await caller.GetAsync("jobs", From("192.0.2.1"));
            Assert.Equal((HttpStatusCode.TooManyRequests, "rate_limited", TimeSpan.FromMinutes(1)), (blocked.Status, blocked.Code, blocked.RetryAfter));
        }
        Assert.Equal(HttpStatusCode.OK, (await bot.GetAsync("jobs", From("192.0.2.2"))).Status);
        Assert.Equal(HttpStatusCode.OK, (await bot.GetAsync("jobs")).Status);
        broker.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(HttpStatusCode.OK, (await bot.GetAsync("jobs", From("192.0.2.1"))).Status);
    }

    /// <summary>Everybody on the broker's machine has one address: a bot with an old token must not lock out the runner beside it.</summary>
    [Fact]
    public async Task CallerOnThisMachineIsNeverLockedOut()
    {
        await using var broker = await Caller.StartAsync();
        var stranger = new Caller(broker, "X-Bot-Token", "wrong-guess");
        for (var n = 0; n < 15; n++) Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync("jobs")).Status);
        Assert.Equal(HttpStatusCode.OK, (await Caller.Bot(broker).GetAsync("jobs")).Status);
    }

    [Fact]
    public async Task NoTokenAndTheOtherRolesAreNoGuesses()
    {
        await using var broker = await Caller.StartAsync();
        for (var n = 0; n < 15; n++)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await new Caller(broker, "X-Unrelated", "x").GetAsync("jobs", From("192.0.2.1"))).Status);
            Assert.Equal(HttpStatusCode.Unauthorized, (await Caller.Bot(broker).GetAsync("jobs/next", From("192.0.2.1"))).Status);
        }
        Assert.Equal(HttpStatusCode.OK, (await Caller.Bot(broker).GetAsync("jobs", From("192.0.2.1"))).Status);
    }

    [Fact]
    public async Task NetworkOfAnIpv6AddressCountsAsOne()
    {
        await using var broker = await Caller.StartAsync();
        var stranger = new Caller(broker, "X-Bot-Token", "wrong-guess");
        for (var n = 0; n < 10; n++) await stranger.GetAsync("jobs", From($"2001:db8::{n + 1}"));
        Assert.Equal(HttpStatusCode.TooManyRequests, (await stranger.GetAsync("jobs", From("2001:db8::ffff"))).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync("jobs", From("2001:db8:0:1::1"))).Status);
    }

    [Fact]
    public async Task WrongEnrolmentCodesAreGuesses()
    {
        await using var broker = await Caller.StartAsync();
        var stranger = new Caller(broker, "X-Unrelated", "x");
        for (var n = 0; n < 10; n++)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.PostAsync("enrol", """{"code": "guess"}""", From("192.0.2.1"))).Status);
        }
        Assert.Equal(HttpStatusCode.TooManyRequests, (await stranger.PostAsync("enrol", """{"code": "guess"}""", From("192.0.2.1"))).Status);
    }

    [Fact]
    public async Task FirstAndTenthWrongTokenOfAMinuteAreNotedAndNoneIsShown()
    {
        await using var broker = await Caller.StartAsync();
        await Caller.MakeAsync(broker, "old", "reader", $"\"expires_at\": {broker.NowMs / 1000 + 1}");
        var stranger = new Caller(broker, "X-Bot-Token", "wrong-guess");
        for (var n = 0; n < 12; n++) await stranger.GetAsync("jobs", From("192.0.2.1"));
        var noted = broker.Query<string>("select group_concat(entries) from audit where entries like '%token.refused%'")!;
        Assert.Equal(2, noted.Split("token.refused").Length - 1);
        Assert.Contains("from 192.0.2.1", noted, StringComparison.Ordinal);
        Assert.Contains("GET /jobs", noted, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong-g", noted, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FiftyThousandAddressesCostLessThanTenMegabytes()
    {
        await using var broker = await Caller.StartAsync();
        var guesses = (Access.Guesses)broker.Services.GetService(typeof(Access.Guesses))!;
        var before = GC.GetAllocatedBytesForCurrentThread(); // what is kept is at most half of this: the tables double as they grow
        for (var n = 0; n < 60_000; n++) guesses.Count(new IPAddress([10, (byte)(n >> 16), (byte)(n >> 8), (byte)n]));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20_000_000);
        Assert.Equal(50_000, guesses.Addresses);
    }

    private static string From(string address) => $"{RequestsFromElsewhere.Header}: {address}";
}
