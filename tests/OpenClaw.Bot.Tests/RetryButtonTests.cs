using OpenClaw.Bot.Tests.Fake;
using OpenClaw.Contracts;

namespace OpenClaw.Bot.Tests;

/// <summary>The button under a failed job, with a real broker.</summary>
[Collection(BrokerGroup.Name)]
public sealed class RetryButtonTests(BrokerFixture broker) : IAsyncLifetime
{
    private readonly string text = Guid.NewGuid().ToString("n");
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

    private async Task<string> FailAsync(string error)
    {
        var job = await broker.TakeAsync(text);
        await broker.Client.FailAsync(job.Id, job.LeaseToken, error);
        return job.Id;
    }

    private async Task<string> TellsAsync(FakeInteraction interaction)
    {
        await bot.Discord.UntilAsync(() => interaction.AnsweredWith is not null, "the answer of the interaction");
        Assert.Equal((4, 64), (interaction.AnsweredWith, interaction.Answer!["flags"]!.GetValue<int>()));
        return interaction.Answer!["content"]!.GetValue<string>();
    }

    [Fact]
    public async Task AFailedJobIsDoneAgainOnceByWhoeverIsAllowed()
    {
        await alice.SayAsync($"ping {text}");
        var id = await FailAsync("no luck");
        var failed = await alice.ReadAsync("no luck");
        Assert.Equal($"Job `{id[^6..]}` (`ping`): **failed**\nError:\n```\nno luck\n```", failed.Content);
        var button = Assert.Single(failed.ButtonIds);
        Assert.Contains(id, button, StringComparison.Ordinal);

        Assert.Contains("not among those", await TellsAsync(await bot.Person(BotUnderTest.Stranger).PressAsync(failed, button)), StringComparison.Ordinal);
        var pressed = await alice.PressAsync(failed, button);
        var again = await broker.TakeAsync(text);
        Assert.Equal((id, 2), (again.Id, again.Round));
        await bot.Discord.UntilAsync(() => pressed.AnsweredWith == 7 && failed.Components.Count == 0, "the button to go");
        Assert.Contains("no luck", failed.Content, StringComparison.Ordinal);
        Assert.Contains("done again already", await TellsAsync(await alice.PressAsync(failed, button)), StringComparison.Ordinal);

        await broker.FinishAsync(again, "better luck");
        var done = await alice.ReadAsync("better luck");
        Assert.Equal(failed.Id, done.ReplyTo);
        Assert.Empty(done.Components);
        await alice.SayAsync("jobs");
        var list = await alice.ReadAsync("Your jobs, newest first");
        Assert.Single(list.Content.Split('\n'), line => line.Contains(id[^6..], StringComparison.Ordinal));
    }

    [Fact]
    public async Task AButtonOfAnOlderFailureDoesNothing()
    {
        await alice.SayAsync($"ping {text}");
        var id = await FailAsync("no luck");
        var failed = await alice.ReadAsync("no luck");
        var button = failed.ButtonIds.Single();
        await alice.SayAsync($"retry {id[^6..]}");
        var again = await broker.TakeAsync(text);
        await alice.PressAsync(failed, button);
        await alice.ReadAsync("is no longer failed, it is **running**. Nothing was done.");
        await broker.Client.FailAsync(again.Id, again.LeaseToken, "still none");
        await alice.PressAsync(failed, button);
        await alice.ReadAsync("has failed again");
        Assert.Equal((2, JobStates.Failed), await broker.Client.GetAsync(id) is var job ? (job.Round, job.State) : default);
        Assert.Empty(failed.Components);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ALostAnswerMakesNoSecondRoundAlsoAfterARestart(bool restart)
    {
        await using var proxy = await LossyProxy.StartAsync(broker.Url);
        await bot.StopAsync();
        bot.Settings = bot.Settings with { Broker = proxy.Url, Chat = bot.Chat with { PollInterval = TimeSpan.FromSeconds(2) } };
        bot.Clock.Advance(TimeSpan.FromSeconds(10));
        await bot.StartAgainAsync();
        await alice.SayAsync($"ping {text}");
        var id = await FailAsync("first");
        var failed = await alice.ReadAsync("first");
        proxy.Loses = 1;
        await alice.PressAsync(failed, failed.ButtonIds.Single());
        await alice.ReadAsync("is kept");
        await FailAsync("second");
        if (restart)
        {
            await bot.StopAsync();
            bot.Clock.Advance(TimeSpan.FromSeconds(10));
            await bot.StartAgainAsync();
        }
        await bot.PassUntilAsync(() => alice.Seen().Any(m => m.Content.Contains("second", StringComparison.Ordinal)), 15);
        Assert.Equal(2, (await broker.Client.GetAsync(id)).Round);
        Assert.Single((await alice.ReadAsync("second")).ButtonIds);
    }

    [Fact]
    public async Task AnApprovalThatFailedIsApprovedAgainByThePlansRules()
    {
        await broker.MakePlanAsync(alice, text);
        await alice.SayAsync($"approve {text}");
        await FailAsync("no power");
        var failed = await alice.ReadAsync("no power");
        var button = failed.ButtonIds.Single();
        var bob = bot.Person(BotUnderTest.Bob);
        Assert.Contains("Unknown plan", await TellsAsync(await bob.PressAsync(failed, button)), StringComparison.Ordinal);
        await alice.PressAsync(failed, button);
        await broker.WorkAsync(text, """{"status":"approved"}""");
        await alice.ReadAsync("Status: approved");
        Assert.Contains("approved already", await TellsAsync(await alice.PressAsync(failed, button)), StringComparison.Ordinal);
    }
}
