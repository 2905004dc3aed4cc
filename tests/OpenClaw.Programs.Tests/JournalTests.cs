namespace OpenClaw.Programs.Tests;

public sealed class JournalTests
{
    [Theory]
    [InlineData("8:4711", "socket:[4711]", true)]
    [InlineData("8:4711", "socket:[47110]", false)]
    [InlineData("8:4711", "socket:[8]", false)]
    [InlineData("8:4711", "pipe:[4711]", false)]
    [InlineData("8:4711", "/var/log/broker.log", false)]
    [InlineData("8:4711", null, false)]
    [InlineData(null, "socket:[4711]", false)]
    [InlineData("", "socket:[]", false)]
    [InlineData("8:", "socket:[]", false)]
    [InlineData("4711", "socket:[4711]", false)]
    [InlineData("8:4711:1", "socket:[4711]", false)]
    public void OnlyTheStreamThatSystemdNamesIsTheJournals(string? stream, string? target, bool isJournal) =>
        Assert.Equal(isJournal, Journal.Reads(stream, target));

    [Theory]
    [InlineData("fatal", "<3>")]
    [InlineData("error", "<3>")]
    [InlineData("warn", "<4>")]
    [InlineData("info", "<6>")]
    [InlineData("debug", "<7>")]
    public void ALevelIsTheJournals(string level, string prefix) => Assert.Equal(prefix, Journal.Prefix(level));

    [Fact]
    public void OtherReadersSeeNoPrefix() => Assert.Equal("", Journal.Prefix(new StringWriter(), "warn"));
}
