using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Tests;

public sealed class SteadyClockTests
{
    private const long Hour = 3_600_000;

    [Theory]
    [InlineData(-Hour)]
    [InlineData(24 * Hour)]
    [InlineData(-50L * 365 * 24 * Hour)]
    public void JumpOfTheWallClockMovesNoLease(long jump)
    {
        var machine = new Machine { Wall = 60L * 365 * 24 * Hour };
        var clock = new SteadyClock(machine);
        var leaseEnd = clock.Now + 60_000;
        machine.Pass(10_000);
        machine.Wall += jump;
        Assert.Equal(50_000, leaseEnd - clock.Now);
        Assert.Equal(machine.Wall + 50_000, clock.ToWall(leaseEnd));
        machine.Pass(50_000);
        Assert.Equal(leaseEnd, clock.Now);
        machine.Wall -= jump;
        Assert.Equal(leaseEnd, clock.Now);
        Assert.Equal(machine.Wall, clock.Wall);
    }

    [Fact]
    public void SlewingIsFollowed()
    {
        var machine = new Machine { Wall = 1_000_000 };
        var clock = new SteadyClock(machine);
        machine.Pass(10_000);
        machine.Wall += 20;
        Assert.Equal(machine.Wall, clock.Now);
    }

    /// <summary>A machine whose wall clock can be set while its monotonic one goes on, which the usual fake can't.</summary>
    private sealed class Machine : TimeProvider
    {
        private long monotonic = 5_000;

        public long Wall { get; set; }

        public override long TimestampFrequency => 1000;

        public void Pass(long milliseconds) => (monotonic, Wall) = (monotonic + milliseconds, Wall + milliseconds);

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(Wall);

        public override long GetTimestamp() => monotonic;
    }
}
