using System.Globalization;
using OpenClaw.Bot.Tests.Fake;
using OpenClaw.Contracts;
using OpenClaw.Testing;

namespace OpenClaw.Bot.Tests;

/// <summary>Schedules by words, at a real broker.</summary>
[Collection(BrokerGroup.Name)]
public sealed class ScheduleTests(BrokerFixture broker) : IAsyncLifetime
{
    private static readonly TimeZoneInfo Berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
    private BotUnderTest bot = null!;
    private FakePerson alice = null!;

    public async Task InitializeAsync()
    {
        bot = await BotUnderTest.StartAsync(broker.Url, static b => b.Chat = b.Chat with { TimeZone = Berlin });
        alice = bot.Person();
    }

    public async Task DisposeAsync()
    {
        bot.Discord.AssertNoViolations();
        await bot.DisposeAsync();
        foreach (var schedule in await SchedulesAsync()) await broker.Client.DeleteScheduleAsync(schedule.Name);
    }

    private async Task<IReadOnlyList<ScheduleView>> SchedulesAsync() => (await broker.Client.ListSchedulesAsync()).Schedules;

    [Fact]
    public async Task AScheduleIsMadeShownPausedAndEnded()
    {
        var payload = $"two  *words* {Guid.NewGuid():n}";
        await alice.SayAsync($"every monday and friday 9:00 ping {payload}");
        var shown = await alice.ReadAsync($": every Monday and Friday at 9:00, `ping {payload}`. The next times (`Europe/Berlin`):");
        var schedule = Assert.Single(await SchedulesAsync());
        var name = schedule.Name;
        Assert.Matches("^ping-[a-z2-9]{4}$", name);
        Assert.Equal(("0 9 * * 1,5", "Europe/Berlin"), (schedule.Cron, schedule.TimeZone));
        Assert.StartsWith($"Schedule `{name}`: ", shown.Content, StringComparison.Ordinal);
        Assert.Equal(schedule.Next.Take(3).Select(Shown), shown.Content.Split('\n').Where(static l => l.StartsWith('-')).Select(static l => l[2..]));

        await RunNowAsync(name);
        Assert.Equal("ping", (await broker.WorkAsync(payload, "pong")).Command);

        await alice.SayAsync("schedules");
        await alice.ReadAsync($"`{name}` every Monday and Friday at 9:00: ping, next {Shown(schedule.Next[0])}");
        await alice.SayAsync($"pause {name}");
        await alice.ReadAsync($"`resume {name}` lets it go on");
        await alice.InvokeAsync("schedules");
        await alice.ReadAsync($"`{name}` every Monday and Friday at 9:00: ping, **paused**");
        await alice.SayAsync($"resume `{name}`");
        await alice.ReadAsync($"Schedule `{name}` goes on.");
        Assert.Null(Assert.Single(await SchedulesAsync()).Paused);
        await alice.SayAsync($"unschedule {name}");
        await alice.ReadAsync($"Schedule `{name}` is ended.");
        Assert.Empty(await SchedulesAsync());
        await alice.SayAsync("schedules");
        await alice.ReadAsync("There are no schedules yet. Try `every monday 9:00 ping hello`.");
    }

    [Fact]
    public async Task SchedulesOfOthersAreListedAsTextAndNoneIsLeftOutInSilence()
    {
        for (var i = 0; i < 30; i++)
        {
            await broker.Client.CreateScheduleAsync(new NewSchedule($"s{i:00}-{new string('x', 50)}", new CreateJob("**loud**", "")) { Cron = "*/5 3 1 1 *" });
        }
        await alice.SayAsync("schedules");
        var list = await alice.ReadAsync("Schedules, with their next times");
        Assert.Contains("` `*/5 3 1 1 *` (UTC): `**loud**`, next ", list.Content, StringComparison.Ordinal);
        var left = 30 - list.Content.Split('\n').Count(static l => l.StartsWith("`s", StringComparison.Ordinal));
        Assert.InRange(left, 1, 29);
        Assert.EndsWith($"\nand {left} others.", list.Content, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ALostAnswerIsSaidToBe()
    {
        await using var proxy = await LossyProxy.StartAsync(broker.Url);
        await bot.StopAsync();
        bot.Settings = bot.Settings with { Broker = proxy.Url };
        bot.Clock.Advance(TimeSpan.FromSeconds(10));
        await bot.StartAgainAsync();
        proxy.Loses = 1;
        await alice.InvokeAsync("every", "2 hours ping hello");
        var said = await alice.ReadAsync("it isn't known whether the schedule");
        Assert.Contains(Assert.Single(await SchedulesAsync()).Name, said.Content, StringComparison.Ordinal);
    }

    private static string Shown(long seconds) => string.Create(CultureInfo.InvariantCulture,
        $"{TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeSeconds(seconds), Berlin):ddd d MMM yyyy, H:mm} (<t:{seconds}:R>)");

    private async Task RunNowAsync(string name)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(broker.Url, $"schedules/{name}/run"));
        request.Headers.Add(HeaderNames.BotToken, BrokerProcess.BotToken);
        using var answer = await http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
    }
}
