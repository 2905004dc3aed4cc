namespace OpenClaw.Broker.Time;

/// <summary>
/// A moment on the clock that never jumps, in milliseconds; a type of its own, so that it can't be taken for a date.
/// After a restart it goes on where it was, ten minutes back at most: time without a broker does not count.
/// </summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.SteadyTime")]
internal readonly record struct SteadyTime([property: Id(0)] long Milliseconds) : IComparable<SteadyTime>
{
    public static SteadyTime operator +(SteadyTime time, long milliseconds) => new(time.Milliseconds + milliseconds);

    public static SteadyTime operator -(SteadyTime time, long milliseconds) => new(time.Milliseconds - milliseconds);

    /// <summary>The milliseconds from the second time to the first.</summary>
    public static long operator -(SteadyTime later, SteadyTime earlier) => later.Milliseconds - earlier.Milliseconds;

    public static bool operator <(SteadyTime left, SteadyTime right) => left.Milliseconds < right.Milliseconds;

    public static bool operator >(SteadyTime left, SteadyTime right) => left.Milliseconds > right.Milliseconds;

    public static bool operator <=(SteadyTime left, SteadyTime right) => left.Milliseconds <= right.Milliseconds;

    public static bool operator >=(SteadyTime left, SteadyTime right) => left.Milliseconds >= right.Milliseconds;

    public int CompareTo(SteadyTime other) => Milliseconds.CompareTo(other.Milliseconds);
}
