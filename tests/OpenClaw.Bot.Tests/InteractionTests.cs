using OpenClaw.Bot.Tests.Fake;

namespace OpenClaw.Bot.Tests;

/// <summary>Slash commands, buttons and completion, with a real broker.</summary>
[Collection(BrokerGroup.Name)]
public sealed class InteractionTests(BrokerFixture broker) : IAsyncLifetime
{
    private BotUnderTest bot = null!;
    private FakePerson alice = null!;
    private FakePerson bob = null!;

    public async Task InitializeAsync()
    {
        bot = await BotUnderTest.StartAsync(broker.Url);
        (alice, bob) = (bot.Person(), bot.Person(BotUnderTest.Bob));
    }

    public async Task DisposeAsync()
    {
        bot.Discord.AssertNoViolations();
        await bot.DisposeAsync();
    }

    private static string Unique() => Guid.NewGuid().ToString("n");

    private Task AnsweredAsync(FakeInteraction interaction) =>
        bot.Discord.UntilAsync(() => interaction.AnsweredWith is not null, "the answer of the interaction");

    private async Task<string> TellsAsync(FakeInteraction interaction)
    {
        await AnsweredAsync(interaction);
        Assert.Equal(4, interaction.AnsweredWith);
        Assert.Equal(64, interaction.Answer!["flags"]!.GetValue<int>());
        return interaction.Answer!["content"]!.GetValue<string>();
    }

    [Fact]
    public async Task AQuickCommandsAnswerIsFilledIn()
    {
        var text = Unique();
        var interaction = await alice.InvokeAsync("ping", text);
        await AnsweredAsync(interaction);
        Assert.Equal(5, interaction.AnsweredWith);
        await broker.WorkAsync(text, "pong!");
        Assert.Same(interaction.Original, await alice.ReadAsync("pong!"));
        Assert.Single(bot.Discord.Rest.Requests, r => r.Method == "PATCH");
        Assert.Single(bot.Discord.Rest.Of("POST", "/callback"));
        Assert.Empty(bot.Discord.Rest.Of("POST", "/messages"));
    }

    [Fact]
    public async Task ASlowCommandIsFilledInAndThenEditedAsAnOrdinaryMessage()
    {
        bot.Chat = bot.Chat with { PollInterval = TimeSpan.FromMilliseconds(50) };
        await bot.StopAsync();
        bot.Clock.Advance(TimeSpan.FromSeconds(10));
        await bot.StartAgainAsync();
        var text = Unique();
        var interaction = await alice.InvokeAsync("ping", text);
        await bot.PassUntilAsync(() => interaction.Original?.Content.Contains("queued", StringComparison.Ordinal) == true);
        await broker.WorkAsync(text, "pong!");
        await bot.PassUntilAsync(() => interaction.Original!.Content.Contains("pong!", StringComparison.Ordinal));
        Assert.Single(alice.Seen(), m => m.Content.Contains("pong!", StringComparison.Ordinal));
        Assert.Single(bot.Discord.Rest.Of("PATCH", "/webhooks/"));
        Assert.Single(bot.Discord.Rest.Of("PATCH", "/channels/"));
        Assert.Single(bot.Discord.Rest.Of("POST", "/callback"));
    }

    [Theory]
    [InlineData("help", null, "Commands:")]
    [InlineData("whoami", null, BotUnderTest.Alice)]
    [InlineData("jobs", null, "no jobs yet")]
    [InlineData("approve", null, "Usage: `approve <id>`")]
    public async Task ShortAnswersAreForThePersonAlone(string command, string? argument, string answer) =>
        Assert.Contains(answer, await TellsAsync(await alice.InvokeAsync(command, argument)), StringComparison.Ordinal);

    [Fact]
    public async Task RefusalsAreForThePersonAlone()
    {
        bot.Chat = bot.Chat with { Cooldown = TimeSpan.FromSeconds(3) };
        await bot.StopAsync();
        bot.Clock.Advance(TimeSpan.FromSeconds(10));
        await bot.StartAgainAsync();
        var text = Unique();
        await AnsweredAsync(await alice.InvokeAsync("ping", text));
        Assert.Contains("wait 3 more seconds", await TellsAsync(await alice.InvokeAsync("ping", "again")), StringComparison.Ordinal);
        await broker.WorkAsync(text, "x");
        await alice.ReadAsync("```\nx");
    }

    [Fact]
    public async Task StatusAndCancelAnswerTheirInteraction()
    {
        var text = Unique();
        await alice.InvokeAsync("ping", text);
        var job = await broker.TakeAsync(text);
        await alice.InvokeAsync("status", job.Id[..8]);
        await alice.ReadAsync("**running**");
        await alice.InvokeAsync("cancel", job.Id);
        await alice.ReadAsync("told to stop");
        await alice.InvokeAsync("watch", job.Id);
        await broker.FinishAsync(job, "both");
        await bot.PassUntilAsync(() => alice.Seen().Count(m => m.Content.Contains("both", StringComparison.Ordinal)) == 2);
        Assert.Equal(4, bot.Discord.Rest.Of("POST", "/callback").Count);
        Assert.Empty(bot.Discord.Rest.Of("POST", "/messages"));
    }

    [Fact]
    public async Task AReplayedInteractionIsAnsweredOnce()
    {
        var interaction = await alice.InvokeAsync("help");
        await AnsweredAsync(interaction);
        var e = bot.Discord.Gateway.Live!;
        bot.Discord.Gateway.ReplaysTooMuch = 1;
        e.Cut();
        await bot.Clock.PassAsync(0.7, 0.8);
        await bot.Discord.Gateway.ReadyAsync(2);
        await TellsAsync(await alice.InvokeAsync("whoami"));
        Assert.Equal(2, bot.Discord.Rest.Of("POST", "/callback").Count);
    }

    [Fact]
    public async Task CompletionOffersAtMost25OfOnesOwnJobsNewestFirst()
    {
        bot.Chat = bot.Chat with { MaxConcurrent = 100, PollInterval = TimeSpan.FromMilliseconds(50) };
        await bot.StopAsync();
        bot.Clock.Advance(TimeSpan.FromSeconds(10));
        await bot.StartAgainAsync();
        var text = Unique();
        for (var i = 0; i < 28; i++) await AnsweredAsync(await alice.InvokeAsync("ping", text + i));
        await bot.PassUntilAsync(() => alice.Seen().Count(m => m.Content.Contains("queued", StringComparison.Ordinal)) == 28, 1.1);
        var completion = await alice.CompleteAsync("cancel", "");
        await AnsweredAsync(completion);
        Assert.Equal(8, completion.AnsweredWith);
        Assert.Equal(25, completion.Answer!["choices"]!.AsArray().Count);
        var id = completion.Answer!["choices"]![3]!["value"]!.GetValue<string>();
        var narrowed = await alice.CompleteAsync("status", id[..23]);
        await AnsweredAsync(narrowed);
        Assert.Equal(id, Assert.Single(narrowed.Answer!["choices"]!.AsArray())!["value"]!.GetValue<string>());
        var others = await bob.CompleteAsync("status", "");
        await AnsweredAsync(others);
        Assert.Empty(others.Answer!["choices"]!.AsArray());
    }

    [Fact]
    public async Task CommandsAreRegisteredInOnePutAndOnlyWhenChanged()
    {
        var put = bot.Discord.Rest.Of("PUT", "")[0];
        Assert.Equal($"/applications/{FakeDiscord.ApplicationId}/commands", put.Path);
        Assert.Equal(24, put.Body!.AsArray().Count);
        await TellsAsync(await alice.InvokeAsync("help"));
        await bot.StopAsync();
        bot.Clock.Advance(TimeSpan.FromSeconds(10));
        await bot.StartAgainAsync();
        await TellsAsync(await alice.InvokeAsync("help"));
        Assert.True(bot.Discord.Rest.Of("PUT", "") is [_], "registered again");
    }

    [Fact]
    public async Task AnAnswerThatCameTooLateIsGivenAsAnOrdinaryMessage()
    {
        var text = Unique();
        bot.Discord.Rest.Spoil("POST", "/callback", new Fault(404) { Body = """{"message":"Unknown interaction","code":10062}""" });
        await alice.InvokeAsync("ping", text);
        await broker.WorkAsync(text, "by another way");
        await alice.ReadAsync("by another way");
    }

    [Fact]
    public async Task ApproveByButtonWorksOnceForItsOwnerAndTheButtonsGo()
    {
        var plan = Unique();
        var shown = await broker.MakePlanAsync(alice, plan);
        var button = shown.ButtonIds.First();
        Assert.Contains(plan, button, StringComparison.Ordinal);
        Assert.Contains("Unknown plan", await TellsAsync(await bob.PressAsync(shown, button)), StringComparison.Ordinal);
        var pressed = await alice.PressAsync(shown, button);
        await AnsweredAsync(pressed);
        Assert.Equal(7, pressed.AnsweredWith);
        Assert.Empty(shown.Components);
        Assert.Contains("Summary:", shown.Content, StringComparison.Ordinal);
        Assert.Contains("approved already", await TellsAsync(await alice.PressAsync(shown, button)), StringComparison.Ordinal);
        var job = await broker.WorkAsync(plan, """{"status":"approved","note":"echo only"}""");
        Assert.Equal("approve_echo", job.Command);
        await alice.ReadAsync("Status: approved\necho only");
    }

    [Fact]
    public async Task AButtonWorksAfterARestart()
    {
        var plan = Unique();
        var shown = await broker.MakePlanAsync(alice, plan);
        await bot.StopAsync();
        bot.Clock.Advance(TimeSpan.FromSeconds(10));
        await bot.StartAgainAsync();
        await alice.PressAsync(shown, shown.ButtonIds.First());
        await broker.WorkAsync(plan, """{"status":"approved"}""");
        await alice.ReadAsync("Status: approved");
        Assert.Empty(shown.Components);
    }

    [Fact]
    public async Task CancelByButtonEndsThePlan()
    {
        var plan = Unique();
        var shown = await broker.MakePlanAsync(alice, plan);
        await alice.PressAsync(shown, shown.ButtonIds.Last());
        await bot.Discord.UntilAsync(() => shown.Content.Contains("is cancelled", StringComparison.Ordinal), "the cancelled plan");
        Assert.Empty(shown.Components);
        await alice.SayAsync($"approve {plan}");
        await alice.ReadAsync("was cancelled.");
    }

    [Fact]
    public async Task AnotherPersonsPlanIsUnknownAlsoByText()
    {
        var plan = Unique();
        await broker.MakePlanAsync(alice, plan);
        await bob.SayAsync($"approve {plan}");
        await bob.ReadAsync("Unknown plan");
    }

    [Fact]
    public async Task AnOldPlanIsNotApproved()
    {
        var plan = Unique();
        var shown = await broker.MakePlanAsync(alice, plan);
        bot.Clock.Advance(TimeSpan.FromMinutes(61));
        await bot.PassUntilAsync(() => bot.Discord.Gateway.Live is not null, 60);
        Assert.Contains("older than 60 minutes", await TellsAsync(await alice.PressAsync(shown, shown.ButtonIds.First())), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFailedApprovalLeavesThePlanOpen()
    {
        var plan = Unique();
        await broker.MakePlanAsync(alice, plan);
        await alice.SayAsync($"approve {plan}");
        var job = await broker.TakeAsync(plan);
        await broker.Client.FailAsync(job.Id, job.LeaseToken, "no power");
        await alice.ReadAsync("no power");
        await alice.SayAsync($"approve {plan}");
        await broker.WorkAsync(plan, """{"status":"approved"}""");
        await alice.ReadAsync("Status: approved");
    }
}
