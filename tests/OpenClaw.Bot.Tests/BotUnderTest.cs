using OpenClaw.Bot.Chat;
using OpenClaw.Bot.Discord;
using OpenClaw.Bot.Tests.Fake;
using OpenClaw.Testing;

namespace OpenClaw.Bot.Tests;

/// <summary>The whole bot in this process, against a fake Discord and a broker, by the test's clock.</summary>
internal sealed class BotUnderTest : IAsyncDisposable
{
    public const string Alice = "100000000000000001";
    public const string Bob = "100000000000000002";
    public const string Stranger = "100000000000000003";

    private readonly TempFolder folder = new();
    private CancellationTokenSource stop = new();
    private Task<int> running = Task.FromResult(0);

    private BotUnderTest(FakeDiscord discord, Uri broker, TestClock clock)
    {
        (Discord, Clock) = (discord, clock);
        Settings = new BotSettings
        {
            Broker = broker,
            BrokerToken = BrokerProcess.BotToken,
            Discord = new DiscordSettings { Token = FakeDiscord.Token, Api = discord.Api },
            Chat = new ChatSettings
            {
                AllowedUsers = new HashSet<string> { Alice, Bob },
                Cooldown = TimeSpan.Zero,
                MaxConcurrent = 5,
                // The broker holds a question this long by its own clock: longer than a loaded machine needs for a test's next step.
                PollInterval = TimeSpan.FromSeconds(30),
            },
            StateFolder = folder.File("state"),
        };
    }

    public FakeDiscord Discord { get; }
    public TestClock Clock { get; }
    public BotSettings Settings { get; set; }
    public StringWriter Log { get; } = new();

    /// <summary>The bot's dice.</summary>
    public Func<double> Chance { get; set; } = () => 0.75;

    public ChatSettings Chat
    {
        get => Settings.Chat;
        set => Settings = Settings with { Chat = value };
    }

    public FakePerson Person(string id = Alice) => new(Discord, id);

    /// <param name="broker">Null: there is none.</param>
    /// <param name="prepare">Changes settings or the fake before the bot starts.</param>
    public static async Task<BotUnderTest> StartAsync(Uri? broker = null, Action<BotUnderTest>? prepare = null, bool untilReady = true)
    {
        var clock = new TestClock();
        var bot = new BotUnderTest(await FakeDiscord.StartAsync(clock), broker ?? new Uri($"http://127.0.0.1:{FreePort.Take()}"), clock);
        prepare?.Invoke(bot);
        await bot.StartAgainAsync(untilReady);
        return bot;
    }

    public async Task StartAgainAsync(bool untilReady = true)
    {
        var connections = Discord.Gateway.Connections.Count;
        stop = new CancellationTokenSource();
        running = BotProgram.RunAsync(Settings, TextWriter.Synchronized(Log), Clock, () => Chance(), stop.Token);
        if (untilReady) await ReadyAsync(connections + 1);
    }

    /// <summary>Ready, and done with what it does first; the clock may be moved.</summary>
    public async Task ReadyAsync(int connections)
    {
        await Discord.Gateway.ReadyAsync(connections);
        await Discord.UntilAsync(() => Discord.Rest.Of("PUT", "/commands").Any(r => r.Status == 200), "the slash commands");
    }

    /// <summary>Lets every short wait pass until the fake has seen what the test waits for.</summary>
    public async Task PassUntilAsync(Func<bool> reached, double mostSeconds = 2.5)
    {
        var done = Discord.UntilAsync(reached, "what the test lets time pass for");
        while (true)
        {
            var wait = Clock.WaitForTimerAsync(0.001, mostSeconds);
            if (await Task.WhenAny(done, wait) == done)
            {
                await done;
                return;
            }
            Clock.Advance(await wait);
        }
    }

    /// <summary>Ends by itself.</summary>
    public Task<int> EndedAsync() => running.WaitAsync(Broken.After);

    public async Task<int> StopAsync()
    {
        await stop.CancelAsync();
        return await running.WaitAsync(Broken.After);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        stop.Dispose();
        await Discord.DisposeAsync();
        folder.Dispose();
    }
}
