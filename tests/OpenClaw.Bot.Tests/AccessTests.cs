using OpenClaw.Bot.Chat;
using OpenClaw.Bot.Tests.Fake;

namespace OpenClaw.Bot.Tests;

/// <summary>Who is answered, where, and how often.</summary>
[Collection(BrokerGroup.Name)]
public sealed class AccessTests(BrokerFixture broker)
{
    private const string Channel = "600000000000000001";
    private const string Elsewhere = "600000000000000002";

    private Task<BotUnderTest> StartAsync(Func<ChatSettings, ChatSettings>? change = null) =>
        BotUnderTest.StartAsync(broker.Url, b => b.Chat = change?.Invoke(b.Chat) ?? b.Chat);

    /// <summary>Everything before was dealt with when this is answered.</summary>
    private static async Task SettleAsync(BotUnderTest bot)
    {
        var id = await bot.Person(BotUnderTest.Bob).SayAsync("whoami");
        await bot.Discord.UntilAsync(() => bot.Person(BotUnderTest.Bob).Seen().Any(m => m.ReplyTo == id), "the last answer");
        bot.Discord.AssertNoViolations();
    }

    [Fact]
    public async Task StrangersProgramsAndItselfGetNoAnswerAndNoJob()
    {
        await using var bot = await StartAsync();
        var before = await broker.CountAsync("ping");
        var (alice, stranger) = (bot.Person(), bot.Person(BotUnderTest.Stranger));
        await stranger.SayAsync("ping x");
        await stranger.InvokeAsync("ping", "x");
        await stranger.CompleteAsync("status", "");
        await stranger.InteractAsync(3, null, new() { ["custom_id"] = "approve:1", ["component_type"] = 2 }, new FakeMessage("1", stranger.Direct, "x"));
        await alice.SayAsync("ping x", change: m => m["author"]!["bot"] = true);
        await alice.SayAsync("ping x", change: m => m["webhook_id"] = "5");
        await alice.SayAsync("ping x", change: m => m["author"]!["id"] = FakeDiscord.BotId);
        await alice.SayAsync("ping x", change: m => m["type"] = 7);
        await SettleAsync(bot);
        Assert.Single(bot.Discord.Rest.Requests, r => r.Method == "POST");
        Assert.Equal(before, await broker.CountAsync("ping"));
    }

    [Fact]
    public async Task WithoutAChannelOnlyDirectMessagesAreAnswered()
    {
        await using var bot = await StartAsync();
        await bot.Person().SayAsync("help", Channel);
        await SettleAsync(bot);
        Assert.Empty(bot.Person().Seen(Channel));
    }

    [Fact]
    public async Task WithAChannelItAndDirectMessagesAreAnsweredAndNothingElse()
    {
        await using var bot = await StartAsync(s => s with { AllowedChannel = Channel });
        var alice = bot.Person();
        await alice.SayAsync("help", Elsewhere);
        await alice.SayAsync("help", Channel);
        await alice.ReadAsync("Commands:", Channel);
        await alice.SayAsync("help");
        await alice.ReadAsync("Commands:");
        var picked = await alice.InvokeAsync("ping", "x", Elsewhere);
        await bot.Discord.UntilAsync(() => picked.Answer is not null, "a word about the place");
        Assert.Equal(64, picked.Answer!["flags"]!.GetValue<int>());
        await SettleAsync(bot);
        Assert.Single(alice.Seen(Channel));
        Assert.DoesNotContain(alice.Seen(Elsewhere), m => !m.Ephemeral);
    }

    [Fact]
    public async Task TheCooldownSaysTheSecondsLeftAndSurvivesARestart()
    {
        await using var bot = await StartAsync(s => s with { Cooldown = TimeSpan.FromSeconds(30) });
        var alice = bot.Person();
        var text = Guid.NewGuid().ToString("n");
        await alice.SayAsync($"ping {text}");
        await broker.WorkAsync(text, "first");
        await alice.ReadAsync("first");
        await bot.StopAsync();
        bot.Clock.Advance(TimeSpan.FromSeconds(10.5));
        await bot.StartAgainAsync();
        await alice.SayAsync("ping too soon");
        await alice.ReadAsync("wait 20 more seconds");
        await alice.SayAsync("status 1234567890");
        await alice.ReadAsync("No job of yours");
        bot.Clock.Advance(TimeSpan.FromSeconds(20));
        await alice.SayAsync($"ping {text}");
        await broker.WorkAsync(text, "second");
        await alice.ReadAsync("second");
        await SettleAsync(bot);
    }

    [Fact]
    public async Task TheMostJobsAtOnceSurvivesARestartAndEndsWithTheJob()
    {
        await using var bot = await StartAsync(s => s with { MaxConcurrent = 1 });
        var alice = bot.Person();
        var text = Guid.NewGuid().ToString("n");
        await alice.SayAsync($"ping {text}");
        await alice.ReadAsync("queued");
        await bot.StopAsync();
        bot.Clock.Advance(TimeSpan.FromSeconds(10));
        await bot.StartAgainAsync();
        await alice.SayAsync("ping more");
        await alice.ReadAsync("allowed at once (1)");
        await broker.WorkAsync(text, "free again");
        await bot.PassUntilAsync(() => alice.Seen().Any(m => m.Content.Contains("free again", StringComparison.Ordinal)));
        await alice.SayAsync($"ping {text}2");
        await broker.WorkAsync(text + "2", "next");
        await alice.ReadAsync("next");
        await SettleAsync(bot);
    }

    [Fact]
    public async Task TwoPeopleHaveLimitsOfTheirOwn()
    {
        await using var bot = await StartAsync(s => s with { MaxConcurrent = 1, Cooldown = TimeSpan.FromSeconds(30) });
        var (alice, bob) = (bot.Person(), bot.Person(BotUnderTest.Bob));
        var (one, two) = (Guid.NewGuid().ToString("n"), Guid.NewGuid().ToString("n"));
        await alice.SayAsync($"ping {one}");
        await alice.ReadAsync("queued");
        await bob.SayAsync($"ping {two}");
        await bob.ReadAsync("queued");
        var (first, second) = (await broker.TakeAsync(one), await broker.TakeAsync(two));
        await broker.FinishAsync(second, "for bob");
        await bob.ReadAsync("for bob");
        await broker.FinishAsync(first, "for alice");
        await alice.ReadAsync("for alice");
        await SettleAsync(bot);
    }
}
