using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using OpenClaw.Broker.Running;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Tests;

public sealed class LogTests
{
    [Fact]
    public void ExceptionIsWrittenWithItsCausesAndTracesInOneLine()
    {
        var line = Write(new Dictionary<string, object?> { ["Queue"] = "mail" }, "Queue mail could not be read", Thrown());
        Assert.Single(line.TrimEnd().Split('\n'));
        Assert.Contains(" warn Queue mail could not be read ", line, StringComparison.Ordinal);
        Assert.Contains("the disk is on fire", line, StringComparison.Ordinal);
        Assert.Contains(nameof(Deepest), line, StringComparison.Ordinal);
    }

    [Fact]
    public void FactIsNotSaidTwice() => Assert.EndsWith(" warn Queue mail is empty\n",
        Write(new Dictionary<string, object?> { ["Queue"] = "mail" }, "Queue mail is empty", null), StringComparison.Ordinal);

    [Theory]
    [InlineData("a\u202eb", "a\\u202eb")]
    [InlineData("a\u200bb", "a\\u200bb")]
    [InlineData("a\nb", "a\\u000ab")]
    public void HiddenMarksAreEscaped(string text, string escaped) => Assert.Contains(escaped, Write([], text, null), StringComparison.Ordinal);

    private static string Write(Dictionary<string, object?> facts, string message, Exception? exception)
    {
        var output = new StringWriter { NewLine = "\n" };
        new LineFormatter(new Clock(TimeProvider.System)).Write(new LogEntry<Dictionary<string,
            object?>>(LogLevel.Warning, "category", 0, facts, exception, (_, _) => message), null, output);
        return output.ToString();
    }

    private static IOException Thrown()
    {
        try
        {
            Deepest();
        }
        catch (InvalidOperationException e)
        {
            return new IOException("could not write", e);
        }
        throw new InvalidOperationException("unreachable");
    }

    private static void Deepest() => throw new InvalidOperationException("the disk is on fire");
}
