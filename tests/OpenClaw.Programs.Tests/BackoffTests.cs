namespace OpenClaw.Programs.Tests;

public sealed class BackoffTests
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    [Fact]
    public void PausesDoubleUpToTheLongest()
    {
        var backoff = new Backoff(First, Longest, () => 1);
        Assert.Equal([1, 2, 4, 8, 16, 32, 60, 60], Enumerable.Range(0, 8).Select(_ => backoff.Next().TotalSeconds));
        backoff.Reset();
        Assert.Equal(First, backoff.Next());
    }

    [Theory]
    [InlineData(0, 0.001)] // no pause at all would be a loop
    [InlineData(0.25, 2)]
    [InlineData(0.999, 7.992)]
    public void APauseIsDrawnFromTheWholeSpan(double chance, double seconds) =>
        Assert.Equal(seconds, Backoff.Pause(4, First, Longest, chance).TotalSeconds, 3);

    [Theory]
    [InlineData(64)]
    [InlineData(1025)]
    [InlineData(int.MaxValue)]
    public void ManyFailuresStayAtTheLongest(int failures)
    {
        Assert.Equal(Longest, Backoff.Pause(failures, First, Longest, 1));
        Assert.Equal(Longest, Backoff.Pause(failures, TimeSpan.FromTicks(1), Longest, 1));
    }

    [Fact]
    public void AFirstPauseIsNeverLongerThanTheLongest() => Assert.Equal(First, Backoff.Pause(1, Longest, First, 1));
}
