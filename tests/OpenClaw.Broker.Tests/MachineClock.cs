using Microsoft.Extensions.Time.Testing;

namespace OpenClaw.Broker.Tests;

/// <summary>A machine whose wall clock can be set while its monotonic one goes on evenly.</summary>
internal sealed class MachineClock(DateTimeOffset start) : FakeTimeProvider(start)
{
    private TimeSpan shift;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + shift;

    public override long GetTimestamp() => base.GetUtcNow().Ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Sets the wall clock, back or forward; no time passes.</summary>
    public void SetWall(TimeSpan by) => shift += by;
}
