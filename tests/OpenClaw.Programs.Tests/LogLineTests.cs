namespace OpenClaw.Programs.Tests;

public sealed class LogLineTests
{
    private static readonly DateTimeOffset Time = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

    [Fact]
    public void ALineHasTimeLevelWhatAndFacts() =>
        Assert.Equal(
            "2026-01-02T03:04:05.678Z warn job failed job_id=a-1 ms=12 why=\"no luck\" half=0.5",
            LogLine.Format(Time, "warn", "job failed", ("job_id", "a-1"), ("ms", 12L), ("none", null), ("why", "no luck"), ("half", 0.5)));

    [Theory]
    [InlineData("a\nb", "\"a\\u000ab\"")]
    [InlineData("x=1 y=2", "\"x=1 y=2\"")]
    [InlineData("say \"hi\"", "\"say \\\"hi\\\"\"")]
    [InlineData("back\\slash", "\"back\\\\slash\"")]
    [InlineData("", "\"\"")]
    [InlineData("a\u202eb", "\"a\\u202eb\"")]
    [InlineData("a\u200bb", "\"a\\u200bb\"")]
    [InlineData("plain", "plain")]
    [InlineData("ä🦀", "ä🦀")]
    public void AValueCanNeitherEndTheLineNorForgeAFact(string value, string shown) =>
        Assert.EndsWith(" v=" + shown, LogLine.Format(Time, "info", "x", ("v", value)), StringComparison.Ordinal);

    [Fact]
    public void ALongValueIsCutAndALongTraceIsNot()
    {
        var line = LogLine.Format(Time, "error", "x", Thrown(), ("v", new string('v', 600)));
        Assert.Contains(" v=" + new string('v', 500) + "…", line, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', line);
        Assert.Contains("outer", line, StringComparison.Ordinal);
        Assert.Contains(new string('i', 1000), line, StringComparison.Ordinal);
        Assert.Contains("IOException: " + "the cause", line, StringComparison.Ordinal);
        Assert.Contains(nameof(ThrowCause), line, StringComparison.Ordinal);
    }

    [Fact]
    public void ALogNeverHoldsASecret()
    {
        var output = new StringWriter();
        var log = new ProgramLog(output, TimeProvider.System, "canary", "");
        log.Warn("refused canary", ("token", "canary"));
        Assert.DoesNotContain("canary", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("warn refused *** token=***", output.ToString(), StringComparison.Ordinal);
    }

    private static InvalidOperationException Thrown()
    {
        try
        {
            ThrowCause();
            throw new NotSupportedException();
        }
        catch (IOException e)
        {
            return new InvalidOperationException("outer " + new string('i', 1000), e);
        }
    }

    private static void ThrowCause() => throw new IOException("the cause");
}
