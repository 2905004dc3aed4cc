namespace OpenClaw.Broker.Jobs;

/// <summary>
/// A job's place in its lane, fixed when it is accepted: the smaller comes first. A step of priority weighs as much as 15
/// minutes of waiting, so nothing is ever sorted again; what was accepted in the same millisecond follows in order.
/// </summary>
/// <param name="At">Acceptance, in milliseconds since 1970 that never fall, plus what the priority weighs.</param>
/// <param name="Seq">The order of acceptance.</param>
[GenerateSerializer, Immutable, Alias("OpenClaw.Rank")]
internal readonly record struct Rank([property: Id(0)] long At, [property: Id(1)] long Seq) : IComparable<Rank>
{
    public const long PriorityStepMs = 900_000;

    public static Rank Of(long acceptedAt, int priority, long seq) => new(acceptedAt + (priority - Job.DefaultPriority) * PriorityStepMs, seq);

    public int CompareTo(Rank other) => At != other.At ? At.CompareTo(other.At) : Seq.CompareTo(other.Seq);

    public static bool operator <(Rank left, Rank right) => left.CompareTo(right) < 0;

    public static bool operator >(Rank left, Rank right) => left.CompareTo(right) > 0;

    public static bool operator <=(Rank left, Rank right) => left.CompareTo(right) <= 0;

    public static bool operator >=(Rank left, Rank right) => left.CompareTo(right) >= 0;
}
