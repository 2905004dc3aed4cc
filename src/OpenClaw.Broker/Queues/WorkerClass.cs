using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Queues;

/// <summary>Which lanes a worker may take from.</summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.WorkerClass")]
internal sealed record WorkerClass([property: Id(0)] Caps Caps, [property: Id(1)] CommandSet Commands)
{
    [NonSerialized]
    private HashSet<string>? caps;

    public bool Takes(Lane lane) => HasAll(lane.Caps) && Commands.Has(lane.Command);

    public bool HasAll(Caps needed)
    {
        if (needed.IsEmpty || needed == Caps) return true;
        caps ??= Caps.Names.ToHashSet(StringComparer.Ordinal);
        return needed.Names.All(caps.Contains);
    }

    public bool Equals(WorkerClass? other) => other is not null && Caps == other.Caps && Commands.Equals(other.Commands);

    public override int GetHashCode() => HashCode.Combine(Caps, Commands);
}

/// <summary>Some commands: only these, or all but these.</summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.CommandSet")]
internal sealed class CommandSet : IEquatable<CommandSet>
{
    public static readonly CommandSet All = new(isAllBut: true, []);

    [Id(0)]
    private readonly bool isAllBut;

    [Id(1)]
    private readonly string[] names;

    [NonSerialized]
    private HashSet<string>? set;

    [NonSerialized]
    private int hash;

    private CommandSet(bool isAllBut, IEnumerable<string> names) =>
        (this.isAllBut, this.names) = (isAllBut, [.. names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)]);

    public static CommandSet Only(IEnumerable<string> names) => new(isAllBut: false, names);

    public static CommandSet AllBut(IEnumerable<string> names) => new(isAllBut: true, names);

    public bool Has(string command)
    {
        if (names.Length == 0) return isAllBut;
        set ??= names.ToHashSet(StringComparer.Ordinal);
        return set.Contains(command) != isAllBut;
    }

    public bool Equals(CommandSet? other) =>
        ReferenceEquals(this, other) || other is not null && isAllBut == other.isAllBut && names.AsSpan().SequenceEqual(other.names);

    public override bool Equals(object? obj) => Equals(obj as CommandSet);

    public override int GetHashCode()
    {
        if (hash != 0) return hash;
        var code = default(HashCode);
        code.Add(isAllBut);
        foreach (var name in names) code.Add(name, StringComparer.Ordinal);
        return hash = code.ToHashCode();
    }
}
