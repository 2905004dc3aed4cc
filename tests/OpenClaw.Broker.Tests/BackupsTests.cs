using OpenClaw.Broker.Keeping;

namespace OpenClaw.Broker.Tests;

public sealed class BackupsTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 2, 3, 40, 0, TimeSpan.Zero); // a Monday

    /// <summary>A year of nights, each pruned as it comes.</summary>
    [Fact]
    public void SevenDaysAndFourWeeksAreKept()
    {
        List<(DateTimeOffset At, string Path)> kept = [];
        for (var day = 0; day < 364; day++)
        {
            kept.Add((Start.AddDays(day), $"{day}"));
            kept = [.. kept.Except(Backups.Superfluous(kept))];
            Assert.InRange(kept.Count, Math.Min(day + 1, 7), 10);
        }
        // The last night is a Sunday: its week's newest is among the seven days, the Sundays of the three weeks before beside them.
        Assert.Equal(["342", "349", "356", "357", "358", "359", "360", "361", "362", "363"], kept.OrderBy(b => b.At).Select(b => b.Path));
    }

    [Fact]
    public void OfOneDayTheNewestIsKept()
    {
        (DateTimeOffset, string)[] all = [(Start, "early"), (Start.AddHours(9), "late"), (Start.AddHours(4), "between")];
        Assert.Equal(["between", "early"], Backups.Superfluous(all).Select(b => b.Path));
    }
}
