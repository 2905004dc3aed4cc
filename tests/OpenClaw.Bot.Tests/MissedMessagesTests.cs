namespace OpenClaw.Bot.Tests;

/// <summary>What people write while the bot does not run, and what it reads of it after its start.</summary>
public sealed class MissedMessagesTests
{
    private const string Channel = "600000000000000001";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhatWasWrittenWhileItDidNotRunIsServedOnce(bool servedBefore)
    {
        await using var bot = await BotUnderTest.StartAsync();
        var alice = bot.Person();
        if (servedBefore) await AssertAnsweredAsync(bot, await alice.SayAsync("jobs"));
        await bot.StopAsync();
        bot.Clock.Advance(TimeSpan.FromMinutes(1));
        var missed = alice.SayUnheard("help");
        bot.Clock.Advance(TimeSpan.FromMinutes(1));
        await bot.StartAgainAsync();
        await AssertAnsweredAsync(bot, missed);

        // The next start finds the same messages.
        await bot.StopAsync();
        bot.Clock.Advance(TimeSpan.FromMinutes(1));
        var another = alice.SayUnheard("whoami");
        await bot.StartAgainAsync();
        await AssertAnsweredAsync(bot, another);
        Assert.Single(alice.Seen(), m => m.ReplyTo == missed);
        Assert.Equal(servedBefore ? 3 : 2, alice.Seen().Count);
        bot.Discord.AssertNoViolations();
    }

    [Fact]
    public async Task WhatIsOlderThanAQuarterOfAnHourStaysUnanswered()
    {
        await using var bot = await BotUnderTest.StartAsync();
        await bot.StopAsync();
        var forgotten = bot.Person().SayUnheard("help");
        bot.Clock.Advance(TimeSpan.FromMinutes(15.1));
        var missed = bot.Person().SayUnheard("help");
        await bot.StartAgainAsync();
        await AssertAnsweredAsync(bot, missed);
        Assert.DoesNotContain(bot.Person().Seen(), m => m.ReplyTo == forgotten);
    }

    [Fact]
    public async Task WhatWasWrittenBeforeItsFirstStartStaysUnanswered()
    {
        string before = "";
        await using var bot = await BotUnderTest.StartAsync(prepare: b =>
        {
            before = b.Person().SayUnheard("help");
            b.Clock.Advance(TimeSpan.FromMinutes(1));
        });
        await AssertAnsweredAsync(bot, await bot.Person(BotUnderTest.Bob).SayAsync("help"), BotUnderTest.Bob);
        Assert.Empty(bot.Discord.Rest.Of("GET", "/messages"));
        await bot.StopAsync();
        bot.Clock.Advance(TimeSpan.FromMinutes(1));
        var missed = bot.Person().SayUnheard("help");
        await bot.StartAgainAsync();
        await AssertAnsweredAsync(bot, missed);
        Assert.DoesNotContain(bot.Person().Seen(), m => m.ReplyTo == before);
    }

    [Fact]
    public async Task NothingBeforeTheOldestThatIsRememberedAsServedIsServed()
    {
        await using var bot = await BotUnderTest.StartAsync();
        var before = bot.Person().SayUnheard("help");
        bot.Clock.Advance(TimeSpan.FromSeconds(1));
        await AssertAnsweredAsync(bot, await bot.Person().SayAsync("jobs"));
        await bot.StopAsync();
        bot.Clock.Advance(TimeSpan.FromMinutes(1));
        var missed = bot.Person().SayUnheard("whoami");
        await bot.StartAgainAsync();
        await AssertAnsweredAsync(bot, missed);
        Assert.DoesNotContain(bot.Person().Seen(), m => m.ReplyTo == before);
    }

    [Fact]
    public async Task AllPagesOfABusyChannelAreRead()
    {
        await using var bot = await BotUnderTest.StartAsync(prepare: b => b.Chat = b.Chat with { AllowedChannel = Channel });
        await bot.StopAsync();
        bot.Clock.Advance(TimeSpan.FromMinutes(1));
        var (alice, stranger) = (bot.Person(), bot.Person(BotUnderTest.Stranger));
        var missed = new List<string>();
        for (var page = 0; page < 3; page++)
        {
            missed.Add(alice.SayUnheard("help", Channel));
            for (var i = 0; i < 90; i++) stranger.SayUnheard("hello", Channel);
        }
        missed.Add(alice.SayUnheard("help", Channel));
        await bot.StartAgainAsync();
        await bot.Discord.UntilAsync(() => alice.Seen(Channel).Count == missed.Count, "answers to messages of all pages");
        Assert.Equal(missed, alice.Seen(Channel).Select(m => m.ReplyTo!).Order());
        Assert.Equal(3, bot.Discord.Rest.Of("GET", $"/channels/{Channel}/messages").Count);
        bot.Discord.AssertNoViolations();
    }

    private static Task AssertAnsweredAsync(BotUnderTest bot, string message, string person = BotUnderTest.Alice) =>
        bot.Discord.UntilAsync(() => bot.Person(person).Seen().Any(m => m.ReplyTo == message), "an answer");
}
