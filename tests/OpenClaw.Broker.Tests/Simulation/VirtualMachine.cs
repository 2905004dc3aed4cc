namespace OpenClaw.Broker.Tests.Simulation;

/// <summary>A machine whose clocks go on as the simulation says. Each seed has days of its own, so that what one has written is in no other's past.</summary>
internal sealed class VirtualMachine(int seed) : TimeProvider
{
    private static readonly DateTimeOffset First = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Apart = TimeSpan.FromDays(4);

    /// <summary>Milliseconds since the simulation began, on the clock that never jumps.</summary>
    public long Now { get; set; }

    /// <summary>How far the wall clock stands beside the steady one, in milliseconds.</summary>
    public long Shift { get; set; }

    public long Wall => GetUtcNow().ToUnixTimeMilliseconds();

    public override long TimestampFrequency => 1000;

    public override DateTimeOffset GetUtcNow() => First + seed * Apart + TimeSpan.FromMilliseconds(Now + Shift);

    public override long GetTimestamp() => Now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        throw new NotSupportedException("nothing in the simulation happens but by its agenda");
}
