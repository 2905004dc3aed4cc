using OpenClaw.Bot.Tests.Fake;

namespace OpenClaw.Bot.Tests;

/// <summary>How jobs and their results are shown, with a real broker.</summary>
[Collection(BrokerGroup.Name)]
public sealed class OutputTests(BrokerFixture broker) : IAsyncLifetime
{
    private BotUnderTest bot = null!;
    private FakePerson alice = null!;

    public async Task InitializeAsync()
    {
        bot = await BotUnderTest.StartAsync(broker.Url);
        alice = bot.Person();
    }

    public async Task DisposeAsync()
    {
        bot.Discord.AssertNoViolations();
        await bot.DisposeAsync();
    }

    private async Task<FakeMessage> PingAsync(string result, string reads)
    {
        var text = Guid.NewGuid().ToString("n");
        await alice.SayAsync($"ping {text}");
        await broker.WorkAsync(text, result);
        return await alice.ReadAsync(reads);
    }

    [Fact]
    public async Task AResultCannotLeaveItsBlockNorPing()
    {
        var message = await PingAsync("a ``` b ```` c\n> q ||s|| [x](https://evil.example) @everyone <@1> # h\n`", "@everyone");
        var inside = message.Content.Split("```");
        Assert.Equal(3, inside.Length);
        Assert.Contains("@everyone", inside[1], StringComparison.Ordinal);
        Assert.Equal("", inside[2]);
    }

    [Fact]
    public async Task ALongResultIsItsFirstLinesAndTheWholeAsAFile()
    {
        var whole = string.Join('\n', Enumerable.Range(1, 400).Select(i => $"line {i} ``` ü"));
        var message = await PingAsync(whole, "of 400 lines");
        Assert.Contains("line 1 ", message.Content, StringComparison.Ordinal);
        Assert.Equal(whole, Assert.Single(message.Files).Content);
        Assert.Single(alice.Seen());
        await alice.SayAsync("status " + message.Content.Split('`')[1]);
        await bot.Discord.UntilAsync(() => alice.Seen().Count == 2, "the status");
        Assert.Equal(whole, Assert.Single(alice.Seen()[1].Files).Content);
    }

    [Fact]
    public async Task AFileThatIsTooLargeIsSaidToBe()
    {
        bot.Discord.Rest.Spoil("PATCH", "/messages/", new Fault(413));
        var text = Guid.NewGuid().ToString("n");
        await alice.SayAsync($"ping {text}");
        await broker.WorkAsync(text, new string('x', 5000));
        await bot.Clock.PassAsync(1.9, 2);
        Assert.Empty((await alice.ReadAsync("5,000 bytes, is larger")).Files);
    }

    [Fact]
    public async Task EditsComeAtMostEveryTwoSecondsAndTheLastAlways()
    {
        var text = Guid.NewGuid().ToString("n");
        bot.Chat = bot.Chat with { PollInterval = TimeSpan.FromMilliseconds(50) };
        await bot.StopAsync();
        bot.Clock.Advance(TimeSpan.FromSeconds(10));
        await bot.StartAgainAsync();
        await alice.SayAsync($"ping {text}");
        var shown = await alice.ReadAsync("queued");
        var job = await broker.TakeAsync(text);
        await bot.Discord.UntilAsync(() => shown.History.Count == 2, "the running message");
        Assert.Contains("**running** on `worker-1`", shown.Content, StringComparison.Ordinal);
        await broker.FinishAsync(job, "the end");
        await bot.PassUntilAsync(() => shown.Content.Contains("the end", StringComparison.Ordinal));
        Assert.Equal(3, shown.History.Count);
        Assert.Single(alice.Seen());
    }

    [Fact]
    public async Task TheLastEditIsTriedUntilItWorks()
    {
        bot.Discord.Rest.Spoil("PATCH", "/messages/", new Fault(500), times: 6);
        var text = Guid.NewGuid().ToString("n");
        await alice.SayAsync($"ping {text}");
        await broker.WorkAsync(text, "at last");
        foreach (var pause in (double[])[0.75, 1.5, 3, 6, 12, 1.5, 0.5]) await bot.Clock.PassAsync(pause, pause);
        await alice.ReadAsync("at last");
    }

    [Fact]
    public async Task ALongJobGetsAShortNewReplyWhenItEnds()
    {
        var text = Guid.NewGuid().ToString("n");
        await alice.SayAsync($"ping {text}");
        var shown = await alice.ReadAsync("queued");
        var job = await broker.TakeAsync(text);
        bot.Clock.Advance(TimeSpan.FromSeconds(16));
        await broker.FinishAsync(job, "slow");
        await alice.ReadAsync("slow");
        var news = await alice.ReadAsync("has ended: **done**");
        Assert.Equal(shown.Id, news.ReplyTo);
        Assert.Equal(2, alice.Seen().Count);
    }

    [Fact]
    public async Task AJobBeyondThePollTimeoutSaysStillRunningAndGoesOn()
    {
        var text = Guid.NewGuid().ToString("n");
        bot.Chat = bot.Chat with { PollTimeout = TimeSpan.FromSeconds(10), PollInterval = TimeSpan.FromMilliseconds(100) };
        await bot.StopAsync();
        bot.Clock.Advance(TimeSpan.FromSeconds(10));
        await bot.StartAgainAsync();
        await alice.SayAsync($"ping {text}");
        var shown = await alice.ReadAsync("queued");
        var job = await broker.TakeAsync(text);
        bot.Clock.Advance(TimeSpan.FromSeconds(11));
        await alice.ReadAsync($"Job ID: {job.Id} (try: `status {job.Id[^6..]}`)");
        await broker.FinishAsync(job, "finally");
        await bot.PassUntilAsync(() => shown.Content.Contains("finally", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false, "kept")]
    [InlineData(true, "The chat refuses to show its text")]
    public async Task WhereTheMessageCantBeEditedTheEndIsANewOne(bool refusesText, string reads)
    {
        var text = Guid.NewGuid().ToString("n");
        await alice.SayAsync($"ping {text}");
        var shown = await alice.ReadAsync("queued");
        bot.Discord.Rest.Spoil("PATCH", "/messages/", new Fault(400), times: 2);
        if (refusesText) bot.Discord.Rest.Spoil("POST", "/messages", new Fault(400));
        await broker.WorkAsync(text, "kept");
        await bot.PassUntilAsync(() => alice.Seen().Any(m => m != shown && m.Content.Contains(reads, StringComparison.Ordinal)));
        Assert.Equal(2, alice.Seen().Count);
    }

    [Fact]
    public async Task AWatchOfAJobThatHasEndedSaysSoAtOnce()
    {
        var text = Guid.NewGuid().ToString("n");
        await alice.SayAsync($"ping {text}");
        var job = await broker.WorkAsync(text, "over");
        await alice.ReadAsync("over");
        var watching = await alice.SayAsync($"watch {job.Id}");
        var watch = await bot.Discord.UntilAsync(() => alice.Seen().FirstOrDefault(m => m.ReplyTo == watching), "the watch");
        Assert.Contains("over", Assert.Single(watch.History), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADeletedMessageIsWrittenAnew()
    {
        var text = Guid.NewGuid().ToString("n");
        await alice.SayAsync($"ping {text}");
        var shown = await alice.ReadAsync("queued");
        lock (bot.Discord.Gate) bot.Discord.Rest.Channels.Messages.Remove(shown);
        await broker.WorkAsync(text, "again");
        Assert.NotSame(shown, await alice.ReadAsync("again"));
    }

    [Fact]
    public async Task AChannelThatIsClosedMeansDirectMessages()
    {
        const string Channel = "600000000000000001";
        await using var guild = await BotUnderTest.StartAsync(broker.Url, b => b.Chat = b.Chat with { AllowedChannel = Channel });
        var person = guild.Person();
        var text = Guid.NewGuid().ToString("n");
        await person.SayAsync($"ping {text}", Channel);
        await person.ReadAsync("queued", Channel);
        lock (guild.Discord.Gate) guild.Discord.Rest.Channels.Closed.Add(Channel);
        await broker.WorkAsync(text, "directly");
        await person.ReadAsync("directly");
        guild.Discord.AssertNoViolations();
    }

    [Fact]
    public async Task NowhereToWriteIsNoCrash()
    {
        lock (bot.Discord.Gate)
        {
            bot.Discord.Rest.Channels.Closed.Add(alice.Direct);
            bot.Discord.Rest.Channels.RefusesDirect.Add(alice.Id);
        }
        var text = Guid.NewGuid().ToString("n");
        await alice.SayAsync($"ping {text}");
        await broker.WorkAsync(text, "unseen");
        await bot.Discord.UntilAsync(() => bot.Discord.Rest.Of("POST", "/users/@me/channels").Count >= 1, "a try to write directly");
        var bob = bot.Person(BotUnderTest.Bob);
        await bob.SayAsync("whoami");
        await bob.ReadAsync(bob.Id);
    }
}
