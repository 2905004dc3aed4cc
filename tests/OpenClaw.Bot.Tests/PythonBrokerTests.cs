using OpenClaw.Bot.Tests.Fake;

namespace OpenClaw.Bot.Tests;

/// <summary>The bot with a broker that offers what the Python one does, and with brokers that fail.</summary>
public sealed class PythonBrokerTests : IAsyncLifetime
{
    private PythonLikeBroker broker = null!;
    private BotUnderTest bot = null!;
    private FakePerson alice = null!;

    public async Task InitializeAsync()
    {
        broker = await PythonLikeBroker.StartAsync();
        bot = await BotUnderTest.StartAsync(broker.Url, b => b.Chat = b.Chat with { PollInterval = TimeSpan.FromSeconds(2) });
        alice = bot.Person();
    }

    public async Task DisposeAsync()
    {
        bot.Discord.AssertNoViolations();
        await bot.DisposeAsync();
        await broker.DisposeAsync();
    }

    [Fact]
    public async Task PollsAtTheIntervalUntilTheJobEnds()
    {
        await alice.SayAsync("ping hello");
        await alice.ReadAsync("queued");
        await bot.Clock.PassAsync(2, 2);
        await bot.Clock.WaitForTimerAsync(2, 2);
        Assert.Equal(2, broker.Reads);
        broker.Set(0, "done", "pong: hello");
        await bot.Clock.PassAsync(2, 2);
        await alice.ReadAsync("pong: hello");
        Assert.Equal(3, broker.Reads);
        Assert.Single(alice.Seen());
    }

    [Fact]
    public async Task CancelSaysThatTheBrokerCannotAndFreesThePlace()
    {
        await alice.SayAsync("ping hello");
        await alice.ReadAsync("queued");
        await alice.SayAsync($"cancel {broker.Jobs[0]["id"]}");
        await alice.ReadAsync("can't cancel jobs");
        await alice.SayAsync("whoami");
        await alice.ReadAsync("Jobs in progress: 0");
        await bot.PassUntilAsync(() => alice.Seen()[0].Content.Contains("no longer watched", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ALostAnswerIsNotRepeatedWhereThatCouldMakeASecondJob()
    {
        broker.LosesAnswers = 1;
        await alice.SayAsync("ping hello");
        await alice.ReadAsync("can't be reached");
        await bot.PassUntilAsync(() => alice.Seen()[0].Content.Contains("isn't known whether", StringComparison.Ordinal));
        Assert.Single(broker.Jobs);
        Assert.Single(alice.Seen());
    }

    [Fact]
    public async Task AJobThatTheBrokerForgotIsSaidToBe()
    {
        await alice.SayAsync("ping hello");
        await alice.ReadAsync("queued");
        broker.Jobs.Clear();
        await bot.PassUntilAsync(() => alice.Seen()[0].Content.Contains("no longer knows it", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ASlowBrokerDelaysNobodyElseAndInteractionsAreAcknowledged()
    {
        broker.Hangs = true;
        await alice.SayAsync("ping hello");
        var interaction = await alice.InvokeAsync("ping", "hello");
        await bot.Discord.UntilAsync(() => interaction.AnsweredWith == 5, "the acknowledgement");
        var bob = bot.Person(BotUnderTest.Bob);
        await bob.SayAsync("whoami");
        await bob.ReadAsync(bob.Id);
        await bot.PassUntilAsync(() => bot.Discord.Rest.Of("POST", "/typing").Count > 0);
    }
}
