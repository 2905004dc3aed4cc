using OpenClaw.Bot.Chat;
using OpenClaw.Bot.Discord;
using OpenClaw.Bot.Tests.Fake;
using OpenClaw.Contracts;

namespace OpenClaw.Bot.Tests;

/// <summary>What a job writes, while it writes it, with a real broker.</summary>
[Collection(BrokerGroup.Name)]
public sealed class LiveOutputTests(BrokerFixture broker)
{
    private readonly string text = Guid.NewGuid().ToString("n");

    private static Task<BotUnderTest> StartAsync(Uri url) =>
        BotUnderTest.StartAsync(url, b => b.Chat = b.Chat with { PollInterval = TimeSpan.FromMilliseconds(50) });

    private async Task<JobView> BeginAsync(FakePerson person)
    {
        await person.SayAsync($"ping {text}");
        return await broker.TakeAsync(text);
    }

    private Task<ChunksAnswer> WriteAsync(JobView job, long n, string type, string? content) =>
        broker.Client.SendChunksAsync(job.Id, job.LeaseToken, [new ChunkBody(n, type, content)]);

    private static bool Shows(FakePerson person, string words) => person.Seen()[0].Content.Contains(words, StringComparison.Ordinal);

    [Fact]
    public async Task TheMessageGrowsWithTheOutputAndEndsWithAllOfIt()
    {
        await using var bot = await StartAsync(broker.Url);
        var alice = bot.Person();
        var job = await BeginAsync(alice);
        await WriteAsync(job, 1, ChunkTypes.Output, "one\n");
        await bot.PassUntilAsync(() => alice.Seen() is [_] && Shows(alice, "on `worker-1`.\n```\none\n```"));
        await WriteAsync(job, 2, ChunkTypes.Error, "a ``` b \u001b[31m @everyone\n");
        await bot.PassUntilAsync(() => Shows(alice, "@everyone"));
        var shown = alice.Seen()[0].Content.Split("```");
        Assert.Equal(3, shown.Length);
        Assert.StartsWith("\none\n", shown[1], StringComparison.Ordinal);
        Assert.Contains("\\u001b[31m", shown[1], StringComparison.Ordinal);
        Assert.Equal("", shown[2]);
        await broker.Client.HeartbeatAsync(job.Id, job.LeaseToken, new HeartbeatBody(40, "half"));
        await bot.PassUntilAsync(() => Shows(alice, ", 40 % half."), 10);
        await broker.FinishAsync(job, "the result");
        await bot.PassUntilAsync(() => Shows(alice, "```\nthe result\n```\nOutput:\n```\none\n"));
        Assert.DoesNotContain("40 %", Assert.Single(alice.Seen()).Content, StringComparison.Ordinal);
        bot.Discord.AssertNoViolations();
    }

    [Fact]
    public async Task OfMuchTheNewestLinesAreShownAndTheWholeIsAFileAtTheEnd()
    {
        await using var bot = await StartAsync(broker.Url);
        var alice = bot.Person();
        var job = await BeginAsync(alice);
        var whole = string.Concat(Enumerable.Range(1, 900).Select(i => $"line {i} ü\n"));
        await WriteAsync(job, 1, ChunkTypes.Output, whole);
        await bot.PassUntilAsync(() => alice.Seen() is [_] && Shows(alice, "The newest lines:\n```\nline 886 ü\n") && Shows(alice, "line 900 ü\n```"));
        await WriteAsync(job, 2, ChunkTypes.Output, "the end\n");
        await broker.FinishAsync(job, "line 900 ü\nthe end\n");
        await bot.PassUntilAsync(() => Shows(alice, "**done** (first "));
        Assert.Equal(whole + "the end\n", Assert.Single(alice.Seen()[0].Files).Content);
    }

    [Fact]
    public async Task AFailureIsShownWithWhatWasWritten()
    {
        await using var bot = await StartAsync(broker.Url);
        var alice = bot.Person();
        var job = await BeginAsync(alice);
        await WriteAsync(job, 1, ChunkTypes.Output, new string('x', 3000));
        await broker.Client.FailAsync(job.Id, job.LeaseToken, "exit code 3");
        await bot.PassUntilAsync(() => alice.Seen() is [_] && Shows(alice, "exit code 3\n```\n(What it wrote is in the file.)"));
        Assert.Equal(new string('x', 3000), Assert.Single(alice.Seen()[0].Files).Content);
        Assert.Single(alice.Seen()[0].ButtonIds);
    }

    [Fact]
    public async Task AConnectionThatBreaksIsTakenUpAfterWhatWasHad()
    {
        await using var relay = new Relay(broker.Url);
        await using var bot = await StartAsync(relay.Url);
        var alice = bot.Person();
        var job = await BeginAsync(alice);
        await WriteAsync(job, 1, ChunkTypes.Output, "one\n");
        await bot.PassUntilAsync(() => alice.Seen() is [_] && Shows(alice, "\none\n"));
        relay.Cut();
        await WriteAsync(job, 2, ChunkTypes.Output, "two\n");
        await bot.PassUntilAsync(() => Shows(alice, "```\none\ntwo\n```"));
        await broker.FinishAsync(job, "ended");
        await bot.PassUntilAsync(() => Shows(alice, "ended"));
    }

    [Fact]
    public void WhyNothingComesIsShownUntilSomethingDoes()
    {
        var messages = new JobMessages(new DiscordText());
        var live = new LiveOutput();
        live.Take(new StreamEvent { Name = StreamEvent.Why, Code = "workers_busy", Text = "all workers are busy" });
        Assert.Equal("Job `x` (`ping`): **queued**.\nall workers are busy", Progress());
        live.Take(new StreamEvent { Id = 1, Type = ChunkTypes.Output, Content = "here" });
        Assert.Equal("Job `x` (`ping`): **queued**.\n```\nhere\n```", Progress());

        string? Progress() => messages.Progress(new NamedJob("id", "x", "ping"), null, away: false, late: false, live.Now).Text;
    }

    [Fact]
    public async Task NoMoreThanEightStreamsAreOpenAndTheOthersAreAskedAbout()
    {
        await using var bot = await StartAsync(broker.Url);
        bot.Chat = bot.Chat with { MaxConcurrent = 20 };
        await bot.StopAsync();
        bot.Clock.Advance(TimeSpan.FromSeconds(10));
        await bot.StartAgainAsync();
        var alice = bot.Person();
        var jobs = new List<JobView>();
        for (var i = 0; i < OutputStreams.MostOpen + 2; i++)
        {
            await alice.SayAsync($"ping {text}-{i}");
            jobs.Add(await broker.TakeAsync($"{text}-{i}"));
        }
        for (var round = 1; round <= 3; round++)
        {
            foreach (var job in jobs) await WriteAsync(job, round, ChunkTypes.Output, $"round {round}\n");
            await bot.PassUntilAsync(() => Count($"\nround {round}\n") >= OutputStreams.MostOpen && Count("on `worker-1`") == jobs.Count);
        }
        Assert.Equal(OutputStreams.MostOpen, Count("round"));
        foreach (var job in jobs) await broker.FinishAsync(job, "ended");
        await bot.PassUntilAsync(() => Count("ended") == jobs.Count, 10);

        int Count(string words) => alice.Seen().Count(m => m.Content.Contains(words, StringComparison.Ordinal));
    }
}
