namespace OpenClaw.Broker.Time;

/// <summary>
/// The clock of leases, in milliseconds since 1970: it follows the wall clock, but when that jumps it goes on evenly,
/// so that a jump neither ends nor extends a lease.
/// </summary>
internal sealed class SteadyClock(TimeProvider time)
{
    /// <summary>Less than this is drift or slewing, which the clock follows.</summary>
    private const long JumpMs = 1000;

    private readonly Lock gate = new();
    private long lastStamp = time.GetTimestamp();
    private long lastWall = time.GetUtcNow().ToUnixTimeMilliseconds();
    private long jumped;

    /// <summary>Now, on the steady clock.</summary>
    public long Now
    {
        get
        {
            lock (gate)
            {
                Follow();
                return lastWall - jumped;
            }
        }
    }

    /// <summary>Now, on the wall clock: for the times that people read.</summary>
    public long Wall => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>A steady time as the wall clock shows it now.</summary>
    public long ToWall(long steady)
    {
        lock (gate)
        {
            Follow();
            return steady + jumped;
        }
    }

    private void Follow()
    {
        var stamp = time.GetTimestamp();
        var wall = time.GetUtcNow().ToUnixTimeMilliseconds();
        var surplus = wall - lastWall - (long)time.GetElapsedTime(lastStamp, stamp).TotalMilliseconds;
        if (Math.Abs(surplus) >= JumpMs) jumped += surplus;
        (lastStamp, lastWall) = (stamp, wall);
    }
}
