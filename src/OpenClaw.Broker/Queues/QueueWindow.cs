using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Queues;

/// <summary>
/// A window on the ready jobs of the table: each lane holds its oldest, and while the table has <see cref="LaneIndex.More"/>,
/// jobs past the lane's end are left out until a refill reads them.
/// </summary>
/// <param name="capacity">How many jobs all lanes hold together, but for <see cref="LaneMinimum"/>.</param>
internal sealed class QueueWindow(int capacity)
{
    /// <summary>Every lane may hold this many, however full the window is.</summary>
    public const int LaneMinimum = 64;

    private const int MaxCachedSets = 1000;
    private readonly Dictionary<Lane, LaneIndex> lanes = [];
    private readonly Dictionary<Lane, LaneIndex[]> lanesByCaps = [];

    public int Count { get; private set; }

    /// <summary>The place of the first job of all lanes.</summary>
    public Rank? FirstRank => lanes.Values.Where(static l => l.Ready.Count > 0).Select(static l => (Rank?)l.Ready.Min!.Rank).Min();

    /// <summary>The lanes that have ready jobs.</summary>
    public IEnumerable<Lane> ReadyLanes => lanes.Values.Where(static l => l.Ready.Count > 0).Select(static l => l.Lane);

    /// <summary>How many jobs a refill of a lane reads.</summary>
    public int LaneQuota => Math.Max(LaneMinimum, capacity / Math.Max(1, lanes.Count));

    /// <summary>The first job that a worker with these capabilities may have.</summary>
    public Entry? First(Lane caps)
    {
        Entry? first = null;
        foreach (var lane in LanesFor(caps))
        {
            if (lane.Ready.Count > 0 && lane.Ready.Min is { } head && (first is null || head.Rank < first.Rank)) first = head;
        }
        return first;
    }

    /// <summary>Whether the job lies within the window; where it doesn't, its lane knows that there is more.</summary>
    public bool Admits(Entry entry)
    {
        var lane = LaneOf(entry.Lane);
        if (!lane.More && Count >= capacity && lane.Ready.Count >= LaneMinimum)
        {
            lane.More = true;
            lane.End = lane.Ready.Max!.Rank;
        }
        if (!lane.More || entry.Rank <= lane.End) return true;
        lane.Skipped = true;
        return false;
    }

    public void Add(Entry entry)
    {
        LaneOf(entry.Lane).Ready.Add(entry);
        Count++;
    }

    public void Remove(Entry entry)
    {
        LaneOf(entry.Lane).Ready.Remove(entry);
        Count--;
    }

    /// <summary>A lane of these capabilities that is running dry while the table holds more of it.</summary>
    public LaneIndex? LaneToRefill(Lane caps, SteadyTime now) =>
        LanesFor(caps).FirstOrDefault(l => l.More && !l.Refilling && l.Ready.Count < LaneQuota / 4 && l.NotBefore <= now);

    /// <summary>Whether a worker with these capabilities should wait for a refill rather than go away empty.</summary>
    public bool IsRefilling(Lane caps) => LanesFor(caps).Any(static l => l.Refilling && l.Ready.Count == 0);

    public LaneIndex LaneOf(Lane name)
    {
        if (lanes.TryGetValue(name, out var lane)) return lane;
        lanesByCaps.Clear();
        return lanes[name] = new LaneIndex(name);
    }

    /// <summary>Forgets lanes that hold nothing, when there are many.</summary>
    public void DropEmptyLanes()
    {
        if (lanes.Count <= MaxCachedSets) return;
        foreach (var lane in lanes.Values.Where(l => l.Ready.Count == 0 && !l.More && !l.Refilling).ToList()) lanes.Remove(lane.Lane);
        lanesByCaps.Clear();
    }

    private LaneIndex[] LanesFor(Lane caps)
    {
        if (lanesByCaps.TryGetValue(caps, out var cached)) return cached;
        if (lanesByCaps.Count >= MaxCachedSets) lanesByCaps.Clear();
        var names = caps.Names.ToHashSet(StringComparer.Ordinal);
        return lanesByCaps[caps] = [.. lanes.Values.Where(l => l.Names.All(names.Contains))];
    }
}

/// <summary>The ready jobs of a lane, in order.</summary>
internal sealed class LaneIndex(Lane lane)
{
    private static readonly Comparer<Entry> ByRank = Comparer<Entry>.Create(static (a, b) => a.Rank.CompareTo(b.Rank));

    public Lane Lane { get; } = lane;

    public string[] Names { get; } = lane.Names;

    public SortedSet<Entry> Ready { get; } = new(ByRank);

    /// <summary>Whether the table holds jobs of this lane past <see cref="End"/> that are not here.</summary>
    public bool More { get; set; }

    /// <summary>While there is more: the place of the last job in the window.</summary>
    public Rank End { get; set; }

    public bool Refilling { get; private set; }

    /// <summary>After a refill that failed: when the next may be tried.</summary>
    public SteadyTime NotBefore { get; private set; }

    /// <summary>Whether a job past the end was left out since the refill began.</summary>
    public bool Skipped { get; set; }

    public void BeginRefill() => (Refilling, Skipped) = (true, false);

    public void AbandonRefill(SteadyTime notBefore) => (Refilling, NotBefore) = (false, notBefore);

    /// <param name="last">The place of the last job that was read; null where none was.</param>
    /// <param name="complete">Whether the table had no more of them.</param>
    public void EndRefill(Rank? last, bool complete)
    {
        More = !complete || Skipped;
        if (last > End) End = last.Value;
        AbandonRefill(notBefore: default);
    }
}
