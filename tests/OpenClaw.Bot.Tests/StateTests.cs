using OpenClaw.Bot.Chat;
using OpenClaw.Testing;

namespace OpenClaw.Bot.Tests;

public sealed class StateTests
{
    private static PrivateFile<BotData> File(TempFolder folder) => new(folder.File("bot.json"), BotStateJson.Default.BotData);

    private static TrackedJob Job(string key) => new()
    {
        Key = key, UserId = "1", ChannelId = "2", Command = "ping",
        AskedAt = DateTimeOffset.UnixEpoch.AddSeconds(int.Parse(key, System.Globalization.CultureInfo.InvariantCulture)),
        Payload = "hello", ReplyTo = key, AnswerTo = "3/4/5", Shown = new MessageRef("6", "7"), Settled = true, PlanId = "8",
    };

    [Fact]
    public void WhatIsKeptIsReadBackByAnotherProcess()
    {
        using var folder = new TempFolder();
        var plan = new PlanRecord("p", "1", DateTimeOffset.UnixEpoch, PlanState.Approved) { Shown = new MessageRef("6", "9") };
        var last = new Dictionary<string, DateTimeOffset> { ["1"] = DateTimeOffset.UnixEpoch };
        new BotState(File(folder)).Change(d => d with { Jobs = [Job("1")], Plans = [plan], Seen = ["1"], LastCommands = last });
        var again = new BotState(File(folder)).Now;
        Assert.Equal(Job("1"), Assert.Single(again.Jobs));
        Assert.Equal(plan, Assert.Single(again.Plans));
        Assert.Equal(["1"], again.Seen);
        Assert.Equal(DateTimeOffset.UnixEpoch, again.LastCommands["1"]);
    }

    [Fact]
    public void OnlyTheOwnerMayReadTheFileAndNothingHalfIsLeft()
    {
        using var folder = new TempFolder();
        new BotState(File(folder)).Change(d => d with { Seen = ["1"] });
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(folder.File("bot.json")));
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void TheFileStaysSmallAndUnfinishedJobsStayInIt()
    {
        using var folder = new TempFolder();
        var state = new BotState(File(folder));
        state.Change(d => d with
        {
            Jobs = [Job("0") with { Settled = false }, .. Enumerable.Range(1, 300).Select(i => Job($"{i}"))],
            Seen = [.. Enumerable.Range(0, 3000).Select(i => $"{i}")],
        });
        Assert.Equal(101, state.Now.Jobs.Count);
        Assert.NotNull(state.Job("0"));
        Assert.NotNull(state.Job("300"));
        Assert.Equal("2999", state.Now.Seen[^1]);
        Assert.Equal(1000, state.Now.Seen.Count);
    }
}
