using OpenClaw.Bot.Tests.Fake;
using OpenClaw.Testing;

namespace OpenClaw.Bot.Tests;

/// <summary>A real broker that goes away and comes back.</summary>
public sealed class BrokerAwayTests : IAsyncLifetime
{
    private readonly TempFolder folder = new();
    private BrokerProcess broker = null!;
    private BotUnderTest bot = null!;
    private FakePerson alice = null!;

    public async Task InitializeAsync()
    {
        broker = await BrokerProcess.StartAsync(folder.File("broker.db"));
        bot = await BotUnderTest.StartAsync(broker.Url, b => b.Chat = b.Chat with { PollInterval = TimeSpan.FromSeconds(2) });
        alice = bot.Person();
    }

    public async Task DisposeAsync()
    {
        bot.Discord.AssertNoViolations();
        await bot.DisposeAsync();
        await broker.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task AWishIsKeptUntilTheBrokerIsBackAndOneMessageSaysSo()
    {
        await broker.Program.KillAsync();
        await alice.SayAsync("ping hello");
        var shown = await alice.ReadAsync("can't be reached right now. Your `ping` is kept");
        await alice.SayAsync("status 00000000-0000-0000-0000-000000000000");
        await alice.ReadAsync("Try again in a moment");
        await bot.Clock.PassAsync(1.5, 1.5);
        await bot.Clock.WaitForTimerAsync(3, 3);
        Assert.Equal(2, alice.Seen().Count);
        Assert.Single(shown.History);
        await broker.StartAgainAsync();
        var working = WorkAsync("pong");
        await bot.PassUntilAsync(() => shown.Content.Contains("pong", StringComparison.Ordinal), 15);
        await working;
        Assert.Equal(2, alice.Seen().Count);
    }

    [Fact]
    public async Task ARunningJobIsPickedUpWhenTheBrokerIsBack()
    {
        await alice.SayAsync("ping hello");
        var shown = await alice.ReadAsync("queued");
        await broker.Program.KillAsync();
        await bot.PassUntilAsync(() => shown.Content.Contains("goes on when it is back", StringComparison.Ordinal));
        await broker.StartAgainAsync();
        var working = WorkAsync("pong");
        await bot.PassUntilAsync(() => shown.Content.Contains("pong", StringComparison.Ordinal), 15);
        await working;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AnAmbiguousCreateIsRepeatedWithItsKeyAndMakesOneJobAlsoAfterARestart(bool restart)
    {
        await using var proxy = await LossyProxy.StartAsync(broker.Url);
        bot.Settings = bot.Settings with { Broker = proxy.Url };
        await bot.StopAsync();
        bot.Clock.Advance(TimeSpan.FromSeconds(10));
        await bot.StartAgainAsync();
        proxy.Loses = 1;
        await alice.SayAsync("ping hello");
        var shown = await alice.ReadAsync("is kept");
        Assert.Equal(1, proxy.Lost);
        if (restart)
        {
            await bot.StopAsync();
            bot.Clock.Advance(TimeSpan.FromSeconds(10));
            await bot.StartAgainAsync();
        }
        var working = WorkAsync("pong");
        await bot.PassUntilAsync(() => shown.Content.Contains("pong", StringComparison.Ordinal), 15);
        await working;
        Assert.Single((await broker.Client().ListAsync(new OpenClaw.Client.JobFilter())).Jobs);
        Assert.Single(alice.Seen(), static m => !m.Content.Contains("has ended", StringComparison.Ordinal)); // Time may pass that makes it a long job.
    }

    private async Task WorkAsync(string result)
    {
        var client = broker.Client("worker-1");
        var job = await client.ClaimAsync("claim", TimeSpan.FromSeconds(60));
        await client.FinishAsync(job!.Id, job.LeaseToken, result);
    }
}
