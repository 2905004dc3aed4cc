namespace OpenClaw.Broker.Time;

/// <summary>
/// The broker's two clocks. As a <see cref="TimeProvider"/> (what Orleans and every timer get) it is the machine's time at
/// the start plus what has passed since, so it never jumps, whatever happens to the wall clock. The wall clock itself is
/// for dates that people read, and for nothing else.
/// </summary>
/// <param name="reached">How far the steady clock had come before this start.</param>
internal sealed class Clock(TimeProvider machine, SteadyTime reached = default) : TimeProvider
{
    private readonly DateTimeOffset start = machine.GetUtcNow();
    private readonly long startStamp = machine.GetTimestamp();

    public SteadyTime SteadyNow => reached + (long)machine.GetElapsedTime(startStamp).TotalMilliseconds;

    /// <summary>The date as people's clocks show it, in milliseconds since 1970. It may jump, also backwards.</summary>
    public long Wall => machine.GetUtcNow().ToUnixTimeMilliseconds();

    public override long TimestampFrequency => machine.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => machine.LocalTimeZone;

    public override DateTimeOffset GetUtcNow() => start + machine.GetElapsedTime(startStamp);

    public override long GetTimestamp() => machine.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        machine.CreateTimer(callback, state, dueTime, period);
}
