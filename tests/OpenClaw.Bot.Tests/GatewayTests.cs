using System.Text.Json.Nodes;
using OpenClaw.Bot.Tests.Fake;
using OpenClaw.Programs;

namespace OpenClaw.Bot.Tests;

/// <summary>The gateway's connection over real sockets, by the test's clock; chance always gives a half.</summary>
public sealed class GatewayTests
{
    private static async Task AssertServesAsync(BotUnderTest bot)
    {
        var id = await bot.Person().SayAsync("whoami");
        await bot.Discord.UntilAsync(() => bot.Person().Seen().Any(m => m.ReplyTo == id), "an answer to whoami");
        bot.Discord.AssertNoViolations();
    }

    [Theory]
    [InlineData(null, 1 << 12)]
    [InlineData("600000000000000001", (1 << 12) | (1 << 9) | (1 << 15))]
    public async Task IdentifiesWithTheIntentsOfItsPlaces(string? channel, int intents)
    {
        await using var bot = await BotUnderTest.StartAsync(prepare: b => b.Chat = b.Chat with { AllowedChannel = channel });
        var identify = Assert.Single(bot.Discord.Gateway.Received(2))["d"]!;
        Assert.Equal(FakeDiscord.Token, identify["token"]!.GetValue<string>());
        Assert.Equal(intents, identify["intents"]!.GetValue<int>());
        bot.Discord.AssertNoViolations();
    }

    [Fact]
    public async Task ReadsFragmentsToTheirEnd()
    {
        await using var bot = await BotUnderTest.StartAsync();
        bot.Discord.Gateway.Live!.Fragment = 7;
        await AssertServesAsync(bot);
    }

    [Fact]
    public async Task ReadsAnEventOf200KilobytesWhole()
    {
        await using var bot = await BotUnderTest.StartAsync();
        var id = await bot.Person().SayAsync("whoami", change: m => m["embeds"] = new string('x', 200 * 1024));
        await bot.Discord.UntilAsync(() => bot.Person().Seen().Any(m => m.ReplyTo == id), "an answer");
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"op":"x"}""")]
    [InlineData("""{"op":99,"d":null}""")]
    [InlineData("""{"op":0,"t":"SOMETHING_NEW","s":2,"d":{"a":1}}""")]
    [InlineData("""{"op":0,"t":"MESSAGE_CREATE","s":2,"d":[]}""")]
    [InlineData("""{"op":0,"t":"MESSAGE_CREATE","s":2,"d":{"id":1,"author":7,"content":{}}}""")]
    [InlineData("""{"op":0,"t":"MESSAGE_CREATE","s":2,"d":{"id":"1","channel_id":"2","author":{"id":"100000000000000001"},"content":"\ud800"}}""")]
    [InlineData("""{"op":0,"t":"INTERACTION_CREATE","s":2,"d":{"type":2}}""")]
    public async Task SkipsWhatItDoesNotKnow(string frame)
    {
        await using var bot = await BotUnderTest.StartAsync();
        await bot.Discord.Gateway.Live!.SendRawAsync(frame);
        await bot.Discord.Gateway.Live!.SendAsync(new JsonObject { ["op"] = 1 });
        await bot.Discord.UntilAsync(() => bot.Discord.Gateway.Received(1).Any(), "the answer to op 1");
        Assert.Single(bot.Discord.Gateway.Connections);
        bot.Discord.Gateway.Live!.Begin(new FakeSession("padding") { Events = { new JsonObject { ["s"] = 1 }, new JsonObject { ["s"] = 2 } } });
        await AssertServesAsync(bot);
    }

    [Fact]
    public async Task BeatsFirstAfterARandomPartOfTheIntervalThenEachInterval()
    {
        await using var bot = await BotUnderTest.StartAsync();
        await bot.Clock.PassAsync(33.75, 33.75);
        await bot.Discord.UntilAsync(() => bot.Discord.Gateway.Received(1).Count() == 1, "the first heartbeat");
        await AssertServesAsync(bot);
        Assert.Equal(1, bot.Discord.Gateway.Received(1).Single()["d"]!.GetValue<int>());
        await bot.Clock.PassAsync(45, 45);
        await bot.Discord.UntilAsync(() => bot.Discord.Gateway.Received(1).Count() == 2, "the second heartbeat");
        Assert.Single(bot.Discord.Gateway.Connections);
    }

    [Fact]
    public async Task AnswersAHeartbeatRequestAtOnce()
    {
        await using var bot = await BotUnderTest.StartAsync();
        await bot.Discord.Gateway.Live!.SendAsync(new JsonObject { ["op"] = 1 });
        await bot.Discord.UntilAsync(() => bot.Discord.Gateway.Received(1).Any(), "a heartbeat, with the clock standing still");
    }

    [Fact]
    public async Task AnUnansweredHeartbeatIsAZombieThatIsCutAndResumed()
    {
        await using var bot = await BotUnderTest.StartAsync(prepare: b => b.Discord.Gateway.Acknowledges = false);
        await bot.Clock.PassAsync(33.75, 33.75);
        await bot.Clock.PassAsync(45, 45);
        await bot.Discord.UntilAsync(() => !bot.Discord.Gateway.Connections[0].IsOpen, "the end of the zombie");
        Assert.Null(bot.Discord.Gateway.Connections[0].ClosedWith);
        await bot.Clock.PassAsync(0.7, 0.8);
        await bot.Discord.Gateway.ReadyAsync(2);
        Assert.Single(bot.Discord.Gateway.Received(6));
        await AssertServesAsync(bot);
    }

    [Theory]
    [InlineData("reconnect")]
    [InlineData("cut")]
    [InlineData("4000")]
    [InlineData("4008")]
    [InlineData("1001")]
    [InlineData("resumable")]
    public async Task ResumesWithSessionAndSequenceAtTheResumeAddress(string why)
    {
        await using var bot = await BotUnderTest.StartAsync();
        await AssertServesAsync(bot);
        var first = bot.Discord.Gateway.Live!;
        await (why switch
        {
            "reconnect" => first.SendAsync(new JsonObject { ["op"] = 7 }),
            "resumable" => first.SendAsync(new JsonObject { ["op"] = 9, ["d"] = true }),
            "cut" => Task.Run(first.Cut),
            _ => first.CloseAsync(int.Parse(why, System.Globalization.CultureInfo.InvariantCulture)),
        });
        await bot.Clock.PassAsync(0.7, 0.8);
        await bot.Discord.Gateway.ReadyAsync(2);
        var resume = Assert.Single(bot.Discord.Gateway.Received(6))["d"]!;
        Assert.Equal(first.SessionId, resume["session_id"]!.GetValue<string>());
        Assert.Equal(2, resume["seq"]!.GetValue<int>());
        Assert.Equal(FakeDiscord.Token, resume["token"]!.GetValue<string>());
        Assert.DoesNotContain(first.ClosedWith, new int?[] { 1000, 1001 });
        await AssertServesAsync(bot);
        Assert.Single(bot.Discord.Gateway.Received(2));
    }

    [Fact]
    public async Task EventsMissedAreServedAndEventsReplayedAreServedOnce()
    {
        await using var bot = await BotUnderTest.StartAsync();
        await AssertServesAsync(bot);
        bot.Discord.Gateway.ReplaysTooMuch = 1;
        var connection = bot.Discord.Gateway.Live!;
        connection.Cut();
        await bot.Clock.WaitForTimerAsync(0.7, 0.8);
        await connection.SendEventAsync("MESSAGE_CREATE", bot.Person().Message("help"));
        await bot.Clock.PassAsync(0.7, 0.8);
        await bot.Person().ReadAsync("Commands:");
        Assert.Equal(2, bot.Person().Seen().Count);
        bot.Discord.AssertNoViolations();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhatWasWrittenWhileDiscordWasAwayIsServedOnceAfterwards(bool heardBefore)
    {
        await using var bot = await BotUnderTest.StartAsync();
        if (heardBefore) await AssertServesAsync(bot);
        var (alice, bob) = (bot.Person(), bot.Person(BotUnderTest.Bob));
        bot.Clock.Advance(TimeSpan.FromSeconds(1));
        bot.Discord.GoAway();
        var missed = alice.SayUnheard("help");
        bob.SayUnheard("jobs");
        foreach (var pause in (double[])[0.75, 1.5, 3, 6, 0.75, 1.5]) await bot.Clock.PassAsync(pause, pause);
        await bot.Clock.WaitForTimerAsync(3, 3);
        bot.Discord.ComeBack();
        await bot.Clock.PassAsync(3, 3);
        await bot.Discord.Gateway.ReadyAsync(2);
        await bot.Discord.UntilAsync(() => alice.Seen().Any(m => m.ReplyTo == missed) && bob.Seen().Count > 0, "answers to what was missed");
        Assert.Equal(2, bot.Discord.Gateway.Received(2).Count());

        // Once only: also when the connection is lost and the channels are read again.
        bot.Discord.Gateway.Live!.Cut();
        await bot.Clock.PassAsync(12, 12);
        await bot.Discord.Gateway.ReadyAsync(3);
        await bot.Discord.UntilAsync(() => bot.Discord.Rest.Of("GET", "/messages").Count == 4, "the channels read again");
        await AssertServesAsync(bot);
        Assert.Single(alice.Seen(), m => m.ReplyTo == missed);
        Assert.Equal(heardBefore ? 3 : 2, alice.Seen().Count);
        Assert.Single(bob.Seen());
    }

    [Theory]
    [InlineData(null)]
    [InlineData(4007)]
    [InlineData(4009)]
    public async Task AnInvalidSessionMeansANewOneAtTheFirstAddressAfterAWhile(int? closeCode)
    {
        await using var bot = await BotUnderTest.StartAsync();
        bot.Clock.Advance(TimeSpan.FromSeconds(10));
        var first = bot.Discord.Gateway.Live!;
        if (closeCode is { } code) await first.CloseAsync(code);
        else await first.SendAsync(new JsonObject { ["op"] = 9, ["d"] = false });
        await bot.Clock.PassAsync(4, 4);
        await bot.Discord.Gateway.ReadyAsync(2);
        Assert.Equal(2, bot.Discord.Gateway.Received(2).Count());
        Assert.Empty(bot.Discord.Gateway.Received(6));
        await AssertServesAsync(bot);
    }

    [Fact]
    public async Task ARefusedResumeMeansANewSession()
    {
        await using var bot = await BotUnderTest.StartAsync(prepare: b => b.Discord.Gateway.InvalidOnResume = false);
        bot.Discord.Gateway.Live!.Cut();
        await bot.Clock.PassAsync(0.7, 0.8);
        await bot.Clock.PassAsync(4, 4);
        await bot.Clock.PassAsync(0.4, 0.6);
        await bot.Discord.Gateway.ReadyAsync(3);
        await bot.Discord.UntilAsync(() => bot.Discord.Gateway.Received(2).Count() == 2, "a session anew");
        await AssertServesAsync(bot);
    }

    [Fact]
    public async Task IdentifiesAtMostOnceInFiveSecondsAlsoAcrossARestart()
    {
        await using var bot = await BotUnderTest.StartAsync();
        await bot.StopAsync();
        await bot.StartAgainAsync(untilReady: false);
        await bot.Clock.PassAsync(5, 6);
        await bot.Discord.Gateway.ReadyAsync(2);
        bot.Discord.AssertNoViolations();
    }

    [Fact]
    public async Task WaitsForTheResetWhenNoSessionsAreLeft()
    {
        await using var bot = await BotUnderTest.StartAsync(prepare: b => b.Discord.Gateway.SessionsLeft = 0, untilReady: false);
        await bot.Clock.WaitForTimerAsync(18000, 18000);
        bot.Discord.Gateway.SessionsLeft = 1000;
        await bot.Clock.PassAsync(18000, 18000);
        await bot.Discord.Gateway.ReadyAsync();
        bot.Discord.AssertNoViolations();
    }

    [Theory]
    [InlineData(4004, "DISCORD_TOKEN")]
    [InlineData(4010, "4010")]
    [InlineData(4011, "4011")]
    [InlineData(4012, "4012")]
    [InlineData(4013, "4013")]
    [InlineData(4014, "MESSAGE CONTENT INTENT")]
    public async Task NeverComesBackAfterAFinalRefusal(int code, string says)
    {
        await using var bot = await BotUnderTest.StartAsync(prepare: b => b.Discord.Gateway.CloseOnIdentify = code, untilReady: false);
        Assert.Equal(ExitCodes.Configuration, await bot.EndedAsync());
        Assert.Contains(says, bot.Log.ToString(), StringComparison.Ordinal);
        Assert.Single(bot.Discord.Gateway.Connections);
    }

    [Fact]
    public async Task StopsAtARefusedToken()
    {
        await using var bot = await BotUnderTest.StartAsync(
            prepare: b => b.Settings = b.Settings with { Discord = b.Settings.Discord with { Token = "wrong-token" } }, untilReady: false);
        Assert.Equal(ExitCodes.Configuration, await bot.EndedAsync());
        Assert.Contains("DISCORD_TOKEN", bot.Log.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("wrong-token", bot.Log.ToString(), StringComparison.Ordinal);
        Assert.Single(bot.Discord.Rest.Requests);
        Assert.Empty(bot.Discord.Gateway.Connections);
    }

    [Fact]
    public async Task NoHelloInTimeMeansAnotherTry()
    {
        await using var bot = await BotUnderTest.StartAsync(prepare: b => b.Discord.Gateway.SaysHello = false, untilReady: false);
        await bot.Clock.WaitForTimerAsync(15, 15);
        bot.Discord.Gateway.SaysHello = true;
        await bot.Clock.PassAsync(15, 15);
        await bot.Clock.PassAsync(0.7, 0.8);
        await bot.Discord.Gateway.ReadyAsync(2);
        bot.Discord.AssertNoViolations();
    }

    [Fact]
    public async Task NoReadyInTimeMeansAnotherTry()
    {
        await using var bot = await BotUnderTest.StartAsync(
            prepare: b => (b.Discord.Gateway.SaysReady, b.Discord.Gateway.HeartbeatInterval) = (false, TimeSpan.FromSeconds(100)), untilReady: false);
        await bot.Discord.UntilAsync(() => bot.Discord.Gateway.Received(2).Any(), "the IDENTIFY");
        await bot.Clock.WaitForTimerAsync(30, 30);
        bot.Discord.Gateway.SaysReady = true;
        await bot.Clock.PassAsync(30, 30);
        await bot.Clock.PassAsync(0.7, 0.8);
        await bot.Discord.Gateway.ReadyAsync(2);
        bot.Discord.AssertNoViolations();
    }

    [Fact]
    public async Task ReconnectsBackOffToACeilingUntilASessionLived()
    {
        await using var bot = await BotUnderTest.StartAsync(
            prepare: b => (b.Discord.Gateway.RefuseConnections, b.Discord.Gateway.HeartbeatInterval) = (8, TimeSpan.FromSeconds(20)), untilReady: false);
        foreach (var pause in (double[])[0.75, 1.5, 3, 6, 12, 24, 45, 45]) await bot.Clock.PassAsync(pause, pause);
        await bot.ReadyAsync(1);
        bot.Discord.Gateway.Live!.Cut();
        await bot.Clock.PassAsync(45, 45);
        await bot.ReadyAsync(2);
        await bot.Clock.PassAsync(15, 15); // below the deadline of the calls under way, which would be repeated after the same 0.75 s
        await bot.Discord.UntilAsync(() => bot.Discord.Gateway.Received(1).Any(), "a heartbeat");
        await AssertServesAsync(bot);
        bot.Discord.Gateway.Live!.Cut();
        await bot.Clock.PassAsync(0.75, 0.75);
        await bot.Discord.Gateway.ReadyAsync(3);
        bot.Discord.AssertNoViolations();
    }

    [Fact]
    public async Task SendsAtMost120InAMinute()
    {
        await using var bot = await BotUnderTest.StartAsync();
        for (var i = 0; i < 200; i++) await bot.Discord.Gateway.Live!.SendAsync(new JsonObject { ["op"] = 1 });
        await bot.Discord.UntilAsync(() => bot.Discord.Gateway.Received(1).Count() >= 100, "heartbeats");
        await AssertServesAsync(bot);
        Assert.InRange(bot.Discord.Gateway.Received(1).Count(), 100, 119);
    }

    [Fact]
    public async Task AWantedStopClosesWith1000()
    {
        await using var bot = await BotUnderTest.StartAsync();
        Assert.Equal(ExitCodes.Ok, await bot.StopAsync());
        Assert.Equal(1000, bot.Discord.Gateway.Connections[0].ClosedWith);
        bot.Discord.AssertNoViolations();
    }
}
