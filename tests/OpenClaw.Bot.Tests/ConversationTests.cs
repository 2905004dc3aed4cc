using OpenClaw.Bot.Tests.Fake;

namespace OpenClaw.Bot.Tests;

/// <summary>What a person writes and what the bot answers, with a real broker.</summary>
[Collection(BrokerGroup.Name)]
public sealed class ConversationTests(BrokerFixture broker) : IAsyncLifetime
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

    private static string Name(string id) => id[^6..];

    private static string Unique() => Guid.NewGuid().ToString("n");

    [Fact]
    public async Task PingIsOneMessageThatBecomesItsResult()
    {
        var text = Unique();
        var id = await alice.SayAsync($"  PING   {text} ");
        var job = await broker.WorkAsync(text, $"pong: {text}");
        var message = await alice.ReadAsync($"pong: {text}");
        Assert.Equal("ping", job.Command);
        Assert.Same(message, Assert.Single(alice.Seen()));
        Assert.Equal(id, message.ReplyTo);
        Assert.Contains("queued", message.History[0], StringComparison.Ordinal);
        Assert.Contains($"`{Name(job.Id)}`", message.History[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task CapabilitiesShowWorkerAndList()
    {
        await alice.SayAsync("capabilities");
        await broker.WorkAsync("", """{"worker_id":"laptop-7","capabilities":["ping","plan_echo"],"version":"1"}""");
        await alice.ReadAsync("Worker: `laptop-7`\nCapabilities: ping, plan_echo");
    }

    [Fact]
    public async Task PlanShowsIdSummaryAndHowToApproveAndApproveShowsStatusAndNote()
    {
        var plan = Unique();
        var shown = await broker.MakePlanAsync(alice, plan);
        Assert.Contains($"Plan ID: `{plan}`\nSummary: Do the thing\nTo apply: `approve {plan}`", shown.Content, StringComparison.Ordinal);
        await alice.SayAsync($"approve {plan}");
        var job = await broker.WorkAsync(plan,
            $$"""{"type":"approval","plan_id":"{{plan}}","status":"approved","applied":false,"note":"nothing was applied"}""");
        await alice.ReadAsync("Status: approved\nnothing was applied");
        Assert.Equal("approve_echo", job.Command);
        await bot.Discord.UntilAsync(() => shown.Components.Count == 0, "the buttons to go");
    }

    [Theory]
    [InlineData("approve", "Usage: `approve <id>`")]
    [InlineData("status", "Usage: `status <job_id>`")]
    [InlineData("cancel", "Usage: `cancel <job_id>`")]
    [InlineData("watch", "Usage: `watch <job_id>`")]
    [InlineData("why", "Usage: `why <job_id>`")]
    [InlineData("plan", "Usage: `plan <text>`")]
    [InlineData("unschedule", "Usage: `unschedule <schedule>`")]
    [InlineData("every", "I can't read when that is to be done. For example: `every monday 9:00 ping hello`")]
    [InlineData("pause nothing-of-the-kind", "There is no schedule `nothing-of-the-kind`. `schedules` lists them.")]
    [InlineData("dance now", "Unknown command. Use: `ping <text>`, `capabilities`, `run <command> [text]`, `plan <text>`, `approve <id>`, `deny <id>`")]
    [InlineData("help", "`watch <job_id>`: ")]
    [InlineData("whoami", BotUnderTest.Alice)]
    [InlineData("jobs", "no jobs yet")]
    [InlineData("<@900000000000000001> help", "Commands:")]
    [InlineData("status 00000000-0000-0000-0000-000000000000", "knows no job")]
    [InlineData("status zzz", "No job of yours")]
    public async Task AnswersAtOnceByReply(string says, string answer)
    {
        var id = await alice.SayAsync(says);
        var message = await alice.ReadAsync(answer);
        Assert.Equal(id, message.ReplyTo);
    }

    [Fact]
    public async Task StatusShowsAJobByIdOrUniquePrefix()
    {
        var text = Unique();
        await alice.SayAsync($"ping {text}");
        var job = await broker.TakeAsync(text);
        await alice.SayAsync($"status {job.Id}");
        await alice.ReadAsync($"Job `{Name(job.Id)}` (`ping`, `{job.Id}`): **running** on `worker-1`");
        await broker.Client.FailAsync(job.Id, job.LeaseToken, "out of luck");
        await alice.ReadAsync("**failed**");
        await alice.SayAsync($"status {Name(job.Id)}");
        var status = await alice.ReadAsync($"Job `{Name(job.Id)}` (`ping`, `{job.Id}`): **failed**");
        Assert.Contains("out of luck", status.Content, StringComparison.Ordinal);
        var other = bot.Person(BotUnderTest.Bob);
        await other.SayAsync($"status {job.Id}");
        await other.ReadAsync("No job of yours");
    }

    [Fact]
    public async Task AFailedJobIsExplainedAndDoneAgain()
    {
        var text = Unique();
        await alice.SayAsync($"ping {text}");
        var job = await broker.TakeAsync(text);
        await alice.SayAsync($"why {Name(job.Id)}");
        await alice.ReadAsync($"Job `{Name(job.Id)}`: **running**, worker-1 works on it");
        await broker.Client.FailAsync(job.Id, job.LeaseToken, "no **luck**");
        await alice.ReadAsync("**failed**");
        await alice.SayAsync($"why {Name(job.Id)}");
        var why = await alice.ReadAsync($"To do it again: `retry {Name(job.Id)}`");
        Assert.Contains("`it failed once, the last time with: no **luck**`", why.Content, StringComparison.Ordinal);
        await alice.SayAsync($"retry {Name(job.Id)}");
        await alice.ReadAsync($"Job `{Name(job.Id)}` is **queued** again.");
        var again = await broker.TakeAsync(text);
        Assert.Equal((job.Id, 2), (again.Id, again.Round));
        await alice.SayAsync($"retry {Name(job.Id)}");
        await alice.ReadAsync("The broker refused this: `the job has not ended");
        await broker.FinishAsync(again, "1");
    }

    [Fact]
    public async Task WhatMayMeanSeveralJobsIsAnsweredWithThem()
    {
        var (first, second) = (Unique(), Unique());
        await alice.SayAsync($"ping {first}");
        await alice.ReadAsync("queued");
        await alice.SayAsync($"ping {second}");
        var (one, two) = (await broker.TakeAsync(first), await broker.TakeAsync(second));
        Assert.Equal(one.Id[..6], two.Id[..6]); // hours begin so
        await bot.Discord.UntilAsync(() => alice.Seen().Count == 2, "both jobs");
        await alice.SayAsync($"cancel {one.Id[..6]}");
        var question = await alice.ReadAsync("may be 2 of your jobs");
        Assert.Contains($"`{Name(one.Id)}` (ping, ", question.Content, StringComparison.Ordinal);
        Assert.Contains($"`{Name(two.Id)}` (ping, ", question.Content, StringComparison.Ordinal);
        await alice.SayAsync($"cancel {Name(two.Id)}");
        await alice.ReadAsync($"Job `{Name(two.Id)}` is running; its worker is told to stop.");
        await broker.FinishAsync(one, "1");
        await broker.FinishAsync(two, "2");
        await alice.ReadAsync("```\n2\n```");
    }

    [Fact]
    public async Task JobsListsOnesOwnNewestFirst()
    {
        var (first, second) = (Unique(), Unique());
        await alice.SayAsync($"ping {first}");
        var one = await broker.WorkAsync(first, "1");
        await alice.ReadAsync("```\n1\n```");
        bot.Clock.Advance(TimeSpan.FromSeconds(5));
        await alice.SayAsync($"ping {second}");
        var two = await broker.WorkAsync(second, "2");
        await alice.ReadAsync("```\n2\n```");
        await alice.SayAsync("jobs");
        var list = await alice.ReadAsync("Your jobs, newest first");
        Assert.True(
            list.Content.IndexOf(Name(two.Id), StringComparison.Ordinal) is > 0 and var at
            && at < list.Content.IndexOf(Name(one.Id), StringComparison.Ordinal), list.Content);
        var bob = bot.Person(BotUnderTest.Bob);
        await bob.SayAsync("jobs");
        await bob.ReadAsync("no jobs yet");
    }

    [Fact]
    public async Task CancelStopsAQueuedJobAndItsMessageSaysSo()
    {
        var text = Unique();
        await alice.SayAsync($"ping {text}");
        var shown = await alice.ReadAsync("queued");
        var id = shown.Content.Split('`')[1];
        await alice.SayAsync($"cancel {id}");
        await alice.ReadAsync($"Job `{id}` is cancelled.");
        await bot.Discord.UntilAsync(() => shown.Content.Contains("**cancelled**", StringComparison.Ordinal), "the cancelled job's message");
    }

    [Fact]
    public async Task CancelTellsARunningJobsWorker()
    {
        var text = Unique();
        await alice.SayAsync($"ping {text}");
        var job = await broker.TakeAsync(text);
        await alice.SayAsync($"cancel {job.Id}");
        await alice.ReadAsync("its worker is told to stop");
        Assert.True((await broker.Client.HeartbeatAsync(job.Id, job.LeaseToken)).CancelRequested);
        await broker.FinishAsync(job, "too late");
        await alice.ReadAsync("too late");
    }

    [Fact]
    public async Task WatchShowsAJobUntilItEnds()
    {
        var text = Unique();
        await alice.SayAsync($"ping {text}");
        var job = await broker.TakeAsync(text);
        var watching = await alice.SayAsync($"watch {job.Id[..10]}");
        var second = await bot.Discord.UntilAsync(() => alice.Seen().FirstOrDefault(m => m.ReplyTo == watching), "the watch");
        await broker.FinishAsync(job, "seen twice");
        await bot.Discord.UntilAsync(() => alice.Seen().Count(m => m.Content.Contains("seen twice", StringComparison.Ordinal)) == 2, "both messages");
        Assert.Contains(second, alice.Seen());
    }

    [Fact]
    public async Task AReplayedMessageMakesNoSecondJobAlsoAfterARestart()
    {
        var text = Unique();
        var message = alice.Message($"ping {text}");
        await bot.Discord.Gateway.DispatchAsync("MESSAGE_CREATE", message);
        await broker.WorkAsync(text, "once");
        await alice.ReadAsync("once");
        await bot.Discord.Gateway.DispatchAsync("MESSAGE_CREATE", message);
        await bot.StopAsync();
        bot.Clock.Advance(TimeSpan.FromSeconds(10));
        await bot.StartAgainAsync();
        await bot.Discord.Gateway.DispatchAsync("MESSAGE_CREATE", message);
        await alice.SayAsync("help");
        await alice.ReadAsync("Commands:");
        Assert.Equal(2, alice.Seen().Count);
        await alice.SayAsync("jobs");
        Assert.Equal(2, (await alice.ReadAsync("Your jobs, newest first")).Content.Split('\n').Length);
    }

    [Fact]
    public async Task ARestartedBotGoesOnEditingItsMessages()
    {
        var text = Unique();
        await alice.SayAsync($"ping {text}");
        var shown = await alice.ReadAsync("queued");
        await bot.StopAsync();
        bot.Clock.Advance(TimeSpan.FromSeconds(7));
        await bot.StartAgainAsync();
        await broker.WorkAsync(text, "after all");
        await bot.Clock.PassAsync(1.9, 2);
        Assert.Same(shown, await alice.ReadAsync("after all"));
        Assert.Single(alice.Seen());
    }

    [Fact]
    public async Task TextBeyondTheBrokersLimitIsRefusedInItsWords()
    {
        var before = await broker.CountAsync("ping");
        await alice.SayAsync("ping " + new string('ä', 140_000));
        await alice.ReadAsync("The broker refused this: `");
        Assert.Equal(before, await broker.CountAsync("ping"));
    }

    [Fact]
    public async Task RefusalsOfTheBrokerAreShown()
    {
        await using var wrong = await BotUnderTest.StartAsync(broker.Url, b => b.Settings = b.Settings with { BrokerToken = "wrong" });
        await wrong.Person().SayAsync("ping x");
        await wrong.Person().ReadAsync("refuses this bot's token");
        Assert.DoesNotContain("wrong", wrong.Log.ToString(), StringComparison.Ordinal);
    }
}
