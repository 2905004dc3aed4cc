using OpenClaw.Bot.Chat;
using OpenClaw.Bot.Discord;
using OpenClaw.Bot.Tests.Fake;
using OpenClaw.Programs;

namespace OpenClaw.Bot.Tests;

/// <summary>REST calls over real sockets, by the test's clock.</summary>
public sealed class RestTests : IAsyncLifetime
{
    private readonly TestClock clock = new();
    private readonly StringWriter output = new();
    private FakeDiscord discord = null!;
    private DiscordRest rest = null!;
    private DiscordGateway gateway = null!;

    public async Task InitializeAsync()
    {
        discord = await FakeDiscord.StartAsync(clock);
        var log = new ProgramLog(TextWriter.Synchronized(output), clock);
        rest = new DiscordRest(discord.Api, FakeDiscord.Token, clock, () => 0.75, log);
        gateway = new DiscordGateway(rest, null!, null!, null!, clock, log, CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        rest.Dispose();
        await discord.DisposeAsync();
    }

    private static string Handle(string id, string token) => new InteractionHandle(FakeDiscord.ApplicationId, id, token).ToString();

    private Task<Delivery> SendAsync(string channel = "1", string key = "k1", string text = "hello") =>
        gateway.SendAsync(channel, new MessageBody(text), key, null);

    [Fact]
    public async Task SaysWhoItIsAndPingsNobody()
    {
        var sent = await gateway.SendAsync("1", new MessageBody("@everyone <@1> <@&2>"), "k1", "77");
        await gateway.EditAsync(sent.Message!, new MessageBody("@here"));
        var request = Assert.Single(discord.Rest.Of("POST", "/channels/1/messages"));
        Assert.Matches(@"^DiscordBot \(https?://\S+, \d+\.\d+\.\d+\)$", request.Headers["User-Agent"]);
        Assert.Equal($"Bot {FakeDiscord.Token}", request.Headers["Authorization"]);
        Assert.Equal("""{"message_id":"77","fail_if_not_exists":false}""", request.Json!["message_reference"]!.ToJsonString());
        Assert.Equal("""{"parse":[]}""", request.Json["allowed_mentions"]!.ToJsonString());
        Assert.Equal("""{"parse":[]}""", discord.Rest.Of("PATCH", "/messages/")[0].Json!["allowed_mentions"]!.ToJsonString());
        discord.AssertNoViolations();
    }

    [Fact]
    public async Task ABucketIsNeverOverrunAndOthersGoOn()
    {
        discord.Rest.BucketLimit = 2;
        var sends = Enumerable.Range(0, 3).Select(i => SendAsync(key: "k" + i)).ToList();
        await clock.WaitForTimerAsync(5, 5.1);
        Assert.True((await SendAsync(channel: "2")).IsDelivered);
        Assert.Equal(2, discord.Rest.Of("POST", "/channels/1/").Count);
        await clock.PassAsync(5, 5.1);
        await Task.WhenAll(sends);
        discord.AssertNoViolations();
    }

    [Theory]
    [InlineData("user")]
    [InlineData("shared")]
    public async Task ALimitedBucketWaitsAsLongAsToldAndOthersGoOn(string scope)
    {
        discord.Rest.Spoil("POST", "/channels/1/", Fault.Limited(7.5, scope));
        var first = SendAsync();
        await clock.WaitForTimerAsync(7.5, 7.6);
        Assert.True((await SendAsync(channel: "2")).IsDelivered);
        Assert.Single(discord.Rest.Of("POST", "/channels/1/"));
        await clock.PassAsync(7.5, 7.6);
        Assert.True((await first).IsDelivered);
        discord.AssertNoViolations();
    }

    [Fact]
    public async Task AGlobalLimitHoldsEverythingButInteractions()
    {
        discord.Rest.Spoil("POST", "/channels/1/", Fault.Limited(3, "global", global: true));
        var first = SendAsync();
        await clock.WaitForTimerAsync(3, 3.1);
        var second = SendAsync(channel: "2");
        var interaction = new FakeInteraction("9", "token-9", "1", clock.GetUtcNow(), null);
        discord.Rest.Channels.Interactions["token-9"] = interaction;
        Assert.True(await gateway.AnswerAsync(Handle("9", "token-9"), new PutOff()));
        Assert.Empty(discord.Rest.Of("POST", "/channels/2/"));
        clock.Advance(TimeSpan.FromSeconds(3.1));
        Assert.True((await first).IsDelivered);
        Assert.True((await second).IsDelivered);
        discord.AssertNoViolations();
    }

    [Fact]
    public async Task APageInsteadOfJsonIsALimitForTheWholeAddress()
    {
        var page = new Fault(429) { Body = "<html>banned</html>", ContentType = "text/html", Headers = { ["Retry-After"] = "11" } };
        discord.Rest.Spoil("POST", "/channels/1/", page);
        var first = SendAsync();
        await clock.WaitForTimerAsync(11, 11.1);
        var second = SendAsync(channel: "2");
        Assert.Empty(discord.Rest.Of("POST", "/channels/2/"));
        clock.Advance(TimeSpan.FromSeconds(11.1));
        Assert.True((await first).IsDelivered);
        Assert.True((await second).IsDelivered);
    }

    [Fact]
    public async Task AtMost50RequestsASecond()
    {
        var sends = Enumerable.Range(0, 60).Select(i => SendAsync(channel: $"{100 + i}")).ToList();
        await clock.WaitForTimerAsync(0.5, 1.1);
        await discord.UntilAsync(() => discord.Rest.Requests.Count >= 45, "the first 45");
        clock.Advance(TimeSpan.FromSeconds(1.1));
        await Task.WhenAll(sends);
        discord.AssertNoViolations();
    }

    [Theory]
    [InlineData(500, false, false)]
    [InlineData(502, true, false)]
    [InlineData(200, true, true)]
    public async Task AFailedOrLostAnswerMakesOneMessage(int status, bool effect, bool drop)
    {
        discord.Rest.Spoil("POST", "/channels/1/", new Fault(status) { Effect = effect, Drop = drop });
        var sending = SendAsync();
        await clock.PassAsync(0.5, 1);
        Assert.True((await sending).IsDelivered);
        Assert.Single(discord.Rest.Channels.Messages);
        Assert.All(discord.Rest.Of("POST", "/channels/1/"), r => Assert.Equal("k1", r.Json!["nonce"]!.GetValue<string>()));
        discord.AssertNoViolations();
    }

    [Fact]
    public async Task AnAnswerThatNeverComesIsGivenUpAndAskedForAgain()
    {
        discord.Rest.Spoil("POST", "/channels/1/", new Fault(200) { Effect = true, Hang = true });
        var sending = SendAsync();
        await discord.UntilAsync(() => discord.Rest.Of("POST", "/channels/1/").Count == 1, "the request");
        await clock.PassAsync(19, 20);
        await clock.PassAsync(0.5, 1);
        Assert.True((await sending).IsDelivered);
        Assert.Single(discord.Rest.Channels.Messages);
    }

    [Fact]
    public async Task TriesEnd()
    {
        discord.Rest.Spoil("POST", "/channels/1/", new Fault(500), times: 100);
        var sending = SendAsync();
        foreach (var pause in (double[])[0.75, 1.5, 3, 6, 12]) await clock.PassAsync(pause, pause);
        Assert.Equal(DeliveryOutcome.Unreached, (await sending).Outcome);
    }

    [Theory]
    [InlineData(400, DeliveryOutcome.Refused)]
    [InlineData(403, DeliveryOutcome.Forbidden)]
    [InlineData(404, DeliveryOutcome.Gone)]
    [InlineData(413, DeliveryOutcome.TooLarge)]
    internal async Task ARefusalIsAnOutcomeAndNotRepeated(int status, DeliveryOutcome outcome)
    {
        discord.Rest.Spoil("PATCH", "/messages/", new Fault(status));
        Assert.Equal(outcome, (await gateway.EditAsync(new MessageRef("1", "2"), new MessageBody("x"))).Outcome);
        Assert.Single(discord.Rest.Requests);
    }

    [Fact]
    public async Task NobodyToWriteToIsAnOutcome()
    {
        discord.Rest.Channels.RefusesDirect.Add("5");
        Assert.Null(await gateway.OpenDirectAsync("5"));
        Assert.NotNull(await gateway.OpenDirectAsync("6"));
    }

    [Fact]
    public async Task ARefusedTokenEndsEverything()
    {
        discord.Rest.Spoil("POST", "/channels/1/", new Fault(401));
        await Assert.ThrowsAsync<ChatRefusedException>(() => SendAsync());
        await Assert.ThrowsAsync<ChatRefusedException>(() => SendAsync(channel: "2"));
        Assert.True(rest.Refused.IsFaulted);
        Assert.Single(discord.Rest.Requests);
    }

    [Fact]
    public async Task AnExpiredInteractionIsNoRefusedToken()
    {
        discord.Rest.Spoil("PATCH", "/webhooks/", new Fault(401) { Body = """{"message":"Invalid Webhook Token","code":50027}""" });
        Assert.Equal(DeliveryOutcome.Gone, (await gateway.FillInAsync(Handle("9", "t"), new MessageBody("x"))).Outcome);
        Assert.True((await SendAsync()).IsDelivered);
        Assert.False(discord.Rest.Of("PATCH", "/webhooks/")[0].Headers.ContainsKey("Authorization"));
    }

    [Theory]
    [InlineData(200, true, true)]
    [InlineData(500, true, false)]
    [InlineData(500, false, false)]
    public async Task ALostAnswerToAnAcknowledgementIsLookedUpNotRepeated(int status, bool effect, bool drop)
    {
        var interaction = new FakeInteraction("9", "token-9", "1", clock.GetUtcNow(), null);
        discord.Rest.Channels.Interactions["token-9"] = interaction;
        discord.Rest.Spoil("POST", "/callback", new Fault(status) { Effect = effect, Drop = drop });
        Assert.True(await gateway.AnswerAsync(Handle("9", "token-9"), new PutOff()));
        Assert.Equal(5, interaction.AnsweredWith);
        discord.AssertNoViolations();
    }

    [Fact]
    public async Task ALongOutputIsAFileBesideTheMessage()
    {
        var sent = await gateway.SendAsync("1", new MessageBody("see file", File: new TextFile("job.txt", "äöü\n" + new string('x', 100_000))), "k", null);
        Assert.True(sent.IsDelivered);
        var file = Assert.Single(discord.Rest.Channels.Messages.Single().Files);
        Assert.Equal("job.txt", file.Name);
        Assert.Equal(100_004, file.Content.Length);
        Assert.StartsWith("multipart/form-data", discord.Rest.Requests[0].Headers["Content-Type"], StringComparison.Ordinal);
        Assert.Equal("""[{"id":"0","filename":"job.txt"}]""", discord.Rest.Requests[0].Json!["attachments"]!.ToJsonString());
        discord.AssertNoViolations();
    }
}
