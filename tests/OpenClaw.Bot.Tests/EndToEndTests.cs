using OpenClaw.Bot.Tests.Fake;
using OpenClaw.Client;
using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Bot.Tests;

/// <summary>Broker, runner and bot as real processes, people in a fake Discord, and kill -9.</summary>
public sealed class EndToEndTests : IAsyncLifetime
{
    private readonly TempFolder folder = new();
    private FakeDiscord discord = null!;
    private BrokerProcess broker = null!;
    private ProgramProcess? runner;
    private ProgramProcess? bot;
    private FakePerson alice = null!;
    private FakePerson bob = null!;

    public async Task InitializeAsync()
    {
        discord = await FakeDiscord.StartAsync(TimeProvider.System);
        discord.Rest.BucketLimit = 5;
        broker = await BrokerProcess.StartAsync(folder.File("broker.db"), new Dictionary<string, string> { ["LEASE_SECONDS"] = "2" });
        (alice, bob) = (new FakePerson(discord, BotUnderTest.Alice), new FakePerson(discord, BotUnderTest.Bob));
        await StartBotAsync();
    }

    public async Task DisposeAsync()
    {
        if (bot is not null) await bot.DisposeAsync();
        if (runner is not null) await runner.DisposeAsync();
        await broker.DisposeAsync();
        await discord.DisposeAsync();
        folder.Dispose();
    }

    private async Task StartBotAsync()
    {
        var connections = discord.Gateway.Connections.Count;
        bot = ProgramProcess.Start(Repository.Program("OpenClaw.Bot", "openclaw-bot"), new Dictionary<string, string>
        {
            [BotVariables.DiscordToken] = FakeDiscord.Token,
            [BotVariables.DiscordApiUrl] = discord.Api.AbsoluteUri,
            [Variables.BrokerUrl] = broker.Url.AbsoluteUri,
            [Variables.BotToken] = BrokerProcess.BotToken,
            [BotVariables.AllowlistUserId] = $"{BotUnderTest.Alice},{BotUnderTest.Bob}",
            [BotVariables.CooldownSeconds] = "0",
            [BotVariables.MaxConcurrent] = "20",
            [BotVariables.JobPollIntervalSec] = "0.2",
            [BotVariables.StateDir] = folder.File("bot"),
        });
        await discord.Gateway.ReadyAsync(connections + 1);
    }

    private void StartRunner() => runner = ProgramProcess.Start(Repository.Program("OpenClaw.Runner", "openclaw-runner"), new Dictionary<string, string>
    {
        [Variables.BrokerUrl] = broker.Url.AbsoluteUri,
        [Variables.WorkerToken] = BrokerProcess.WorkerToken,
        [Variables.WorkerId] = "runner-1",
        [Variables.RunnerStateDir] = folder.File("runner"),
    });

    private async Task AssertOneJobAndOneAnswerEachAsync(int pings)
    {
        await discord.UntilAsync(
            () => Enumerable.Range(0, pings).All(i => alice.Seen().Any(m => m.Content.Contains($"pong: p{i}.", StringComparison.Ordinal))), "all answers");
        Assert.Equal(pings, (await broker.Client().ListAsync(new JobFilter { Limit = 200 })).Jobs.Count);
        Assert.Equal(pings, alice.Seen().Count(m => !m.Content.Contains("has ended", StringComparison.Ordinal)));
        Assert.Equal(ExitCodes.Ok, await bot!.StopAsync());
        Assert.Equal(1000, discord.Gateway.Connections[^1].ClosedWith);
        Assert.DoesNotContain(FakeDiscord.Token, bot.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(BrokerProcess.BotToken, bot.Output, StringComparison.Ordinal);
        discord.AssertNoViolations();
    }

    private async Task PingAsync(int pings)
    {
        for (var i = 0; i < pings; i++) await alice.SayAsync($"ping p{i}.");
    }

    [Fact]
    public async Task EveryCommandTypedAndPicked()
    {
        StartRunner();
        await alice.SayAsync("ping hello");
        await alice.ReadAsync("pong: hello");
        await alice.InvokeAsync("ping", "picked");
        await alice.ReadAsync("pong: picked");
        await alice.SayAsync("capabilities");
        await alice.ReadAsync("Worker: `runner-1`\nCapabilities: ping, capabilities, plan_echo, approve_echo");
        await alice.SayAsync("plan tidy up");
        var plan = await alice.ReadAsync("To apply: `approve ");
        await alice.PressAsync(plan, plan.ButtonIds.First());
        await alice.ReadAsync("Status: approved");
        Assert.Empty(plan.Components);
        await alice.SayAsync("approve nothing-of-the-kind");
        await alice.ReadAsync("unknown plan_id");
        await alice.SayAsync("jobs");
        var id = (await alice.ReadAsync("Your jobs, newest first")).Content.Split('`')[1];
        await alice.SayAsync($"status {id}");
        await alice.ReadAsync($"Job `{id}` (`approve_echo`");
        await alice.SayAsync($"watch {id}");
        await discord.UntilAsync(() => alice.Seen().Count(m => m.Content.Contains("unknown plan_id", StringComparison.Ordinal)) == 3, "status and watch");
        await alice.SayAsync($"cancel {id}");
        await alice.ReadAsync("had ended already");
        await alice.SayAsync("help");
        await alice.ReadAsync("Commands:");
        await alice.SayAsync("whoami");
        await alice.ReadAsync("You are user");
        discord.AssertNoViolations();
        Assert.Equal((ExitCodes.Ok, ExitCodes.Ok), (await bot!.StopAsync(), await runner!.StopAsync()));
        foreach (var text in (string[])["hello", "picked", "pong", "tidy up", "nothing-of-the-kind", "unknown plan_id", FakeDiscord.Token,
            BrokerProcess.BotToken, BrokerProcess.WorkerToken])
        {
            Assert.DoesNotContain(text, bot.Output + runner.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task TwoPeopleAtOnce()
    {
        StartRunner();
        for (var i = 0; i < 4; i++)
        {
            await alice.SayAsync($"ping a{i}.");
            await bob.InvokeAsync("ping", $"b{i}.");
        }
        for (var i = 0; i < 4; i++)
        {
            await alice.ReadAsync($"pong: a{i}.");
            await bob.ReadAsync($"pong: b{i}.");
        }
        Assert.Equal((4, 4), (alice.Seen().Count, bob.Seen().Count));
        discord.AssertNoViolations();
    }

    [Fact]
    public async Task TheBotKilledInTheMiddle()
    {
        await PingAsync(4);
        await discord.UntilAsync(() => alice.Seen().Count == 4, "four queued jobs");
        await bot!.KillAsync();
        StartRunner();
        await StartBotAsync();
        await AssertOneJobAndOneAnswerEachAsync(4);
    }

    [Fact]
    public async Task TheRunnerKilledInTheMiddle()
    {
        StartRunner();
        await PingAsync(6);
        await alice.ReadAsync("pong: ");
        await runner!.KillAsync();
        StartRunner();
        await AssertOneJobAndOneAnswerEachAsync(6);
    }

    [Fact]
    public async Task TheBrokerKilledInTheMiddle()
    {
        await PingAsync(3);
        await alice.ReadAsync("queued");
        await broker.Program.KillAsync();
        await broker.StartAgainAsync();
        StartRunner();
        await AssertOneJobAndOneAnswerEachAsync(3);
    }
}
