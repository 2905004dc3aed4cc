using System.Text;
using OpenClaw.Bot.Discord;
using OpenClaw.Bot.Tests.Fake;
using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Bot.Tests;

/// <summary>The session as a pure function.</summary>
public sealed class GatewaySessionTests
{
    private static GatewaySession After(params string[] frames) => frames.Aggregate(
        GatewaySession.Next(new GatewaySession(), new Opened()).Session,
        (session, frame) => GatewaySession.Next(session, Frame(frame)).Session);

    private static FrameReceived Frame(string json) => new(GatewayFrame.Parse(Encoding.UTF8.GetBytes(json))!);

    private const string Hello = """{"op":10,"d":{"heartbeat_interval":41250}}""";
    private const string Ready = """{"op":0,"t":"READY","s":1,"d":{"session_id":"abc","resume_gateway_url":"wss://r.example"}}""";
    private const string Event = """{"op":0,"t":"MESSAGE_CREATE","s":2,"d":{}}""";

    [Fact]
    public void HelloIsAnsweredWithIdentifyOrResume()
    {
        Assert.Contains(GatewaySession.Next(After(), Frame(Hello)).Effects, e => e is SendIdentify);
        var again = GatewaySession.Next(After(Hello, Ready, Event), new Opened()).Session;
        Assert.Contains(new SendResume("abc", 2), GatewaySession.Next(again, Frame(Hello)).Effects);
    }

    [Fact]
    public void AnEventOfANumberAlreadySeenIsSkipped()
    {
        var session = After(Hello, Ready, Event);
        Assert.IsType<Skip>(Assert.Single(GatewaySession.Next(session, Frame(Event)).Effects));
        Assert.IsType<Dispatch>(Assert.Single(GatewaySession.Next(session, Frame(Event.Replace("\"s\":2", "\"s\":3", StringComparison.Ordinal))).Effects));
    }

    [Fact]
    public void HeartbeatsCarryTheLastNumberOrNull()
    {
        Assert.Contains(new SendHeartbeat(null), GatewaySession.Next(After(Hello), new HeartbeatDue()).Effects);
        Assert.Contains(new SendHeartbeat(2), GatewaySession.Next(After(Hello, Ready, Event), new HeartbeatDue()).Effects);
    }

    [Fact]
    public void ASessionLivedWhenAHeartbeatWasAnsweredAfterReady()
    {
        Assert.False(After(Hello, """{"op":11}""", Ready).Lived);
        Assert.True(After(Hello, Ready, """{"op":11}""").Lived);
    }

    [Theory]
    [InlineData("""{"op":10,"d":{"heartbeat_interval":"x"}}""")]
    [InlineData("""{"op":10,"d":null}""")]
    [InlineData("""{"op":0,"t":"READY","s":1,"d":{}}""")]
    [InlineData("""{"op":3,"d":{}}""")]
    public void WhatIsOddIsSkipped(string frame) => Assert.IsType<Skip>(Assert.Single(GatewaySession.Next(After(), Frame(frame)).Effects));

    [Fact]
    public async Task NothingLargerThan4096BytesIsSent()
    {
        var clock = new TestClock();
        await using var discord = await FakeDiscord.StartAsync(clock);
        using var folder = new TempFolder();
        using var output = new StringWriter();
        var log = new ProgramLog(TextWriter.Synchronized(output), clock);
        using var rest = new DiscordRest(discord.Api, FakeDiscord.Token, clock, () => 0.5, log);
        var address = new GatewayAddress(rest, new PrivateFile<DiscordMemory>(folder.File("x"), DiscordJson.Default.DiscordMemory), clock, log);
        var connection = new GatewayConnection(address, GatewayIdentity.For(new string('t', 5000), null), clock, () => 0.5, log);
        using var stop = new CancellationTokenSource();
        var running = connection.RunAsync((_, _) => { }, () => { }, stop.Token);
        await clock.PassAsync(22.5, 22.5);
        await discord.UntilAsync(() => discord.Gateway.Received(1).Any(), "a heartbeat after the IDENTIFY that was not sent");
        await stop.CancelAsync();
        await running;
        Assert.Empty(discord.Gateway.Received(2));
        discord.AssertNoViolations();
    }
}
