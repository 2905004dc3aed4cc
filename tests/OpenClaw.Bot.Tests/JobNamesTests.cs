using OpenClaw.Bot.Chat;

namespace OpenClaw.Bot.Tests;

/// <summary>What people call their jobs.</summary>
public sealed class JobNamesTests
{
    private const string One = "01a20bb0-1111-7000-8000-00000000abcd";
    private const string Two = "01a20bb0-1112-7000-8000-0000000fabcd";
    private const string Three = "01a20bb0-1113-7000-8000-000000012345";
    private const string Others = "01a20bb0-1114-7000-8000-00000009999f";

    private static readonly BotData Data = new() { Jobs = [Job(One, "me", 1), Job(Two, "me", 2), Job(Three, "me", 3), Job(Others, "you", 4)] };

    private static TrackedJob Job(string id, string user, int minute) => new()
    {
        Key = id, UserId = user, ChannelId = "2", Command = "ping", AskedAt = DateTimeOffset.UnixEpoch.AddMinutes(minute), JobId = id,
    };

    [Theory]
    [InlineData(One, "00abcd")]
    [InlineData(Two, "0fabcd")]
    [InlineData(Three, "012345")]
    [InlineData("short", "short")]
    public void AJobIsCalledByItsLastCharacters(string id, string name) => Assert.Equal(name, JobNames.Of(Data, "me", id));

    [Fact]
    public void ANameIsAsLongAsItTakesToMeanOneJob()
    {
        var close = Data.With(Job("01a20bb0-1115-7000-8000-0abc00012345", "me", 5)).With(Job("00001234-5115-7000-8000-000000000000", "me", 6));
        Assert.Equal("0000012345", JobNames.Of(close, "me", Three));
        Assert.Equal("c00012345", JobNames.Of(close, "me", "01a20bb0-1115-7000-8000-0abc00012345"));
        var own = close.Jobs.Where(j => j.UserId == "me").Select(j => j.JobId!);
        Assert.All(own, id => Assert.Equal([id], JobNames.Find(close, "me", JobNames.Of(close, "me", id))));
    }

    [Theory]
    [InlineData("12345", new[] { Three })]
    [InlineData("`12345`", new[] { Three })]
    [InlineData("FABCD", new[] { Two })]
    [InlineData("01a20bb01112", new[] { Two })]
    [InlineData(One, new[] { One })]
    [InlineData("01a20bb0-1112", new[] { Two })]
    [InlineData("abcd", new[] { Two, One })]
    [InlineData("01a20bb0", new[] { Three, Two, One })]
    [InlineData("9999f", new string[0])]
    [InlineData(Others, new string[0])]
    [InlineData("00000000-0000-0000-0000-000000000000", new[] { "00000000-0000-0000-0000-000000000000" })]
    [InlineData("1114", new string[0])]
    [InlineData("", new string[0])]
    public void AnyBeginningEndOrWholeIdIsTaken(string text, string[] meant) => Assert.Equal(meant, JobNames.Find(Data, "me", text));

    [Fact]
    public void SuggestionsShowTheNameAndMeanTheId()
    {
        Assert.Equal(new Suggestion("012345 ping, queued", Three), JobNames.Suggest(Data, "me", "", activeOnly: false)[0]);
        Assert.Equal([Two], JobNames.Suggest(Data, "me", "fab", activeOnly: true).Select(s => s.Value));
    }
}
