using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Store;

/// <summary>When this process last could not write, or took long to: leases that were to end around then get their time back.</summary>
internal sealed class WriteOutages(Clock clock)
{
    /// <summary>A transaction that takes longer has kept workers from being heard.</summary>
    public static readonly TimeSpan Long = TimeSpan.FromSeconds(2);

    private long latest = long.MinValue;

    /// <summary>The end of the latest outage; null where there was none.</summary>
    public SteadyTime? Latest => Volatile.Read(ref latest) is var at and not long.MinValue ? new SteadyTime(at) : null;

    public void Note() => Volatile.Write(ref latest, clock.SteadyNow.Milliseconds);
}
