using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Queues;

/// <summary>
/// The ready jobs of a flow, in order: a window on the table. While that has <see cref="More"/>, jobs past the window's end are
/// left out until a refill reads them.
/// </summary>
internal sealed class FlowIndex
{
    private static readonly Comparer<Entry> ByRank = Comparer<Entry>.Create(static (a, b) => a.Rank.CompareTo(b.Rank));
    private readonly TurnHeap<FlowIndex>.Slot slot;

    public FlowIndex(LaneIndex lane, Flow key, Share requester)
    {
        (Lane, Key, Requester) = (lane, key, requester);
        slot = lane.Flows.Add(this);
        requester.Flows.Add(this);
    }

    public LaneIndex Lane { get; }

    public Flow Key { get; }

    public Share Requester { get; }

    public SortedSet<Entry> Ready { get; } = new(ByRank);

    /// <summary>Whether the table holds jobs of this flow past <see cref="End"/> that are not here.</summary>
    public bool More { get; set; }

    /// <summary>While there is more: the place of the last job in the window.</summary>
    public Rank End { get; set; }

    public bool Refilling { get; private set; }

    /// <summary>After a refill that failed: when the next may be tried.</summary>
    public SteadyTime NotBefore { get; private set; }

    /// <summary>Whether a job past the end was left out since the refill began.</summary>
    public bool Skipped { get; set; }

    /// <summary>When a job of it was last set aside, or it was read, on the window's own count.</summary>
    public long UsedAt { get; set; }

    /// <summary>How many of its jobs a refill must look past because they are known already, at most.</summary>
    public int Known => Ready.Count + Requester.SetAside;

    /// <summary>Whether nothing of it was read yet.</summary>
    public bool IsNew => End == default;

    public bool IsDone => Ready.Count == 0 && !More && !Refilling;

    public void Add(Entry entry)
    {
        Ready.Add(entry);
        if (Ready.Min == entry) Offer();
    }

    /// <summary>Its turn may have come nearer.</summary>
    public void Offer()
    {
        Lane.Flows.Offer(slot);
        Lane.Offer();
    }

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

    /// <summary>To be called when it leaves the window.</summary>
    public void Close()
    {
        Lane.Flows.Remove(slot);
        Requester.Flows.Remove(this);
    }
}

/// <summary>The flows of a lane.</summary>
internal sealed class LaneIndex
{
    private readonly List<(TurnHeap<LaneIndex> Class, TurnHeap<LaneIndex>.Slot Slot)> classes = [];

    public LaneIndex(Lane key, Share command, Func<FlowIndex, Turn?> turnOf)
    {
        (Key, Command, Flows) = (key, command, new TurnHeap<FlowIndex>(turnOf));
        command.Lanes.Add(this);
    }

    public Lane Key { get; }

    public Share Command { get; }

    public TurnHeap<FlowIndex> Flows { get; }

    public void Join(TurnHeap<LaneIndex> workers)
    {
        classes.Add((workers, workers.Add(this)));
        Offer();
    }

    /// <summary>Its turn may have come nearer.</summary>
    public void Offer()
    {
        foreach (var (workers, slot) in classes) workers.Offer(slot);
    }

    /// <summary>To be called when it leaves the window.</summary>
    public void Close()
    {
        foreach (var (workers, slot) in classes) workers.Remove(slot);
        Command.Lanes.Remove(this);
    }

    /// <summary>To be called when the classes are forgotten.</summary>
    public void LeaveClasses() => classes.Clear();
}
