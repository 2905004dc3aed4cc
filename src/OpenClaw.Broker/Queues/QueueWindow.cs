using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Queues;

/// <summary>
/// A window on the ready jobs of the table: lanes of flows, each of which holds its first jobs, so that a flood of one pushes no
/// other out. Of more than <see cref="MostFlows"/> flows those that are read are served until they are empty, then others are read.
/// </summary>
/// <param name="capacity">How many jobs all flows hold together, but for <see cref="FlowMinimum"/>.</param>
/// <param name="mostFlows"><see cref="MostFlows"/>, but in tests.</param>
internal sealed class QueueWindow(int capacity, QueueShares shares, int mostFlows = QueueWindow.MostFlows)
{
    /// <summary>Every flow may hold this many, however full the window is.</summary>
    public const int FlowMinimum = 8;

    public const int MostFlows = 4096;

    /// <summary>How many flows are read at once where there are too many for the window.</summary>
    public const int FlowsRead = 512;

    private const int MaxClasses = 1000;

    /// <summary>After a reading of all that was left out which found nothing for a worker, how long until the next.</summary>
    private const long FoundNoneMs = 1000;

    private readonly Dictionary<Flow, FlowIndex> flows = [];
    private readonly Dictionary<Lane, LaneIndex> lanes = [];
    private readonly Dictionary<WorkerClass, ClassIndex> classes = [];
    private readonly HashSet<FlowIndex> dry = [];
    private SteadyTime now;
    private long urgent;
    private long uses;

    /// <summary>When, by <see cref="LeftOut"/>, it is looked for flows that make room since they hold nothing.</summary>
    private long lookAt;

    public int Count { get; private set; }

    /// <summary>Grows with each flow that is left out.</summary>
    public long LeftOut { get; private set; }

    /// <summary>Whether the table may have flows that are not here.</summary>
    public bool HasLeftOut { get; private set; }

    public int FlowCount => flows.Count;

    /// <summary>The first job of all, by rank.</summary>
    public Guid? FirstReady => flows.Values.Where(static f => f.Ready.Count > 0).MinBy(static f => f.Ready.Min!.Rank)?.Ready.Min!.Id;

    /// <summary>The lanes that have ready jobs.</summary>
    public IEnumerable<Lane> ReadyLanes => flows.Values.Where(static f => f.Ready.Count > 0).Select(static f => f.Lane.Key).Distinct();

    /// <summary>How many jobs a refill of a flow reads.</summary>
    public int FlowQuota => Math.Max(FlowMinimum, capacity / Math.Max(1, flows.Count));

    /// <summary>The job whose turn it is for a worker.</summary>
    /// <param name="wall">Milliseconds since 1970.</param>
    public Entry? First(WorkerClass worker, SteadyTime at, long wall)
    {
        (now, urgent) = (at, Math.Max(urgent, Turn.MostUrgent(wall)));
        if (ClassOf(worker).Lanes.First()?.Flows.First() is not { } flow) return null;
        flow.UsedAt = ++uses;
        return flow.Ready.Min;
    }

    /// <summary>Offers what a share has again, since its limit lets more of it start.</summary>
    /// <returns>The lanes that have something of it.</returns>
    public List<Lane> Reopen(Share share, SteadyTime at)
    {
        now = at;
        foreach (var flow in share.Flows) flow.Offer();
        foreach (var lane in share.Lanes) lane.Offer();
        return [.. share.By == LimitBy.Queue ? ReadyLanes : share.Flows.Select(static f => f.Lane).Concat(share.Lanes).Select(static l => l.Key).Distinct()];
    }

    /// <summary>Whether the job lies within the window; where it doesn't, its flow knows that there is more.</summary>
    public bool Admits(Entry entry)
    {
        if (FlowOf(entry.Flow) is not { } flow) return false;
        entry.Line = flow;
        if (!flow.More && Count >= capacity && flow.Ready.Count >= FlowMinimum)
        {
            flow.More = true;
            flow.End = flow.Ready.Max!.Rank;
        }
        if (!flow.More || entry.Rank <= flow.End) return true;
        flow.Skipped = true;
        if (flow.Ready.Count == 0) dry.Add(flow);
        return false;
    }

    public void Add(Entry entry)
    {
        (entry.Line ??= flows[entry.Flow]).Add(entry);
        Count++;
    }

    public void Remove(Entry entry)
    {
        var flow = entry.Line!;
        entry.Line = null;
        flow.Ready.Remove(entry);
        Count--;
        if (IsDry(flow)) dry.Add(flow);
    }

    /// <summary>A flow that is running dry while the table holds more of it.</summary>
    public FlowIndex? FlowToRefill(SteadyTime at)
    {
        if (dry.Count == 0) return null;
        if (HasLeftOut)
        {
            // They have had their turn; others are read before theirs comes again.
            foreach (var spent in dry.Where(static f => f.Ready.Count == 0 && !f.Refilling && !f.IsNew).ToList()) LeaveOut(spent);
        }
        foreach (var flow in dry) if (!flow.Refilling && flow.NotBefore <= at && (!HasLeftOut || flow.IsNew)) return flow;
        return null;
    }

    /// <summary>To be called after a refill.</summary>
    public void Settle(FlowIndex flow)
    {
        if (IsDry(flow)) dry.Add(flow);
        else dry.Remove(flow);
    }

    /// <summary>Whether a worker should wait for a refill rather than go away empty.</summary>
    public bool IsRefilling(WorkerClass worker) =>
        dry.Count > 0 && dry.Any(f => f.Ready.Count == 0 && (f.Refilling || f.NotBefore <= now) && worker.Takes(f.Lane.Key))
        || HasLeftOut && ClassOf(worker).IsReading;

    /// <summary>The flow, which is made where it is not known; null where there are too many.</summary>
    public FlowIndex? FlowOf(Flow key)
    {
        if (flows.TryGetValue(key, out var flow)) return flow;
        if (flows.Count >= mostFlows && LeftOut >= lookAt)
        {
            DropDone();
            lookAt = LeftOut + mostFlows; // a look costs as much as there are, so not each time
        }
        if (flows.Count >= mostFlows)
        {
            (HasLeftOut, LeftOut) = (true, LeftOut + 1);
            return null;
        }
        flow = Open(key);
        flow.More = HasLeftOut; // the table may have others of it, which were left out
        return flow;
    }

    /// <summary>Whether flows that were left out are to be read for a worker who finds nothing.</summary>
    /// <param name="after">Where the reading goes on.</param>
    public bool NeedsFlows(WorkerClass worker, out Flow? after)
    {
        after = null;
        if (!HasLeftOut) return false;
        var index = ClassOf(worker);
        after = index.ReadTo;
        if (index.IsReading || after is null && (index.FoundNone == LeftOut || now < index.NotBefore)) return false;
        if (after is null) (index.Found, index.BeganAt) = (false, LeftOut);
        (index.IsReading, index.PageAt) = (true, LeftOut);
        return true;
    }

    /// <summary>Takes in flows that were read for a worker. What they hold is to be added by the caller.</summary>
    /// <returns>Those that were not known; and the jobs of those that made way for them.</returns>
    public (List<FlowIndex> Taken, List<Entry> Dropped) EndFlows(WorkerClass worker, FlowPage page)
    {
        var index = ClassOf(worker);
        (index.IsReading, index.ReadTo) = (false, page.Next);
        var made = TakeIn(page, index.PageAt);
        index.Found |= made.Taken.Count > 0;
        if (page.Next is null && !index.Found) (index.FoundNone, index.NotBefore) = (index.BeganAt, now + FoundNoneMs);
        return made;
    }

    /// <summary>Takes in all flows that the table has.</summary>
    /// <param name="readAt"><see cref="LeftOut"/> when the reading began.</param>
    public (List<FlowIndex> Taken, List<Entry> Dropped) EndAll(FlowPage page, long readAt)
    {
        var made = TakeIn(page, readAt);
        HasLeftOut = LeftOut != readAt;
        foreach (var flow in flows.Values) if (IsDry(flow)) dry.Add(flow);
        return made;
    }

    public void AbandonFlows(WorkerClass worker) => ClassOf(worker).IsReading = false;

    /// <summary>To be called at the start, where the table has more flows than were read.</summary>
    public void LackSome() => HasLeftOut = true;

    /// <summary>Forgets flows that hold nothing, when there are many.</summary>
    public void DropEmpty(SteadyTime at)
    {
        if (flows.Count > MaxClasses) DropDone();
        shares.DropIdle(at);
    }

    private void DropDone()
    {
        foreach (var flow in flows.Values.Where(static f => f.IsDone).ToList()) Close(flow);
    }

    /// <summary>Whether it needs a refill; where others are left out, whether it is through.</summary>
    private bool IsDry(FlowIndex flow) => flow.More && (HasLeftOut ? flow.Ready.Count == 0 : flow.Ready.Count < FlowQuota / 4);

    private (List<FlowIndex> Taken, List<Entry> Dropped) TakeIn(FlowPage page, long readAt)
    {
        var isLate = readAt != LeftOut; // of what was left out since, the page may tell nothing
        var unknown = page.Flows.Where(r => !flows.ContainsKey(r.Flow)).ToList();
        var dropped = MakeRoom(unknown.Count);
        List<FlowIndex> taken = [.. unknown.Select(r => Open(r.Flow))];
        foreach (var flow in taken) (flow.UsedAt, flow.More) = (++uses, isLate);
        return (taken, dropped);
    }

    /// <summary>Drops the flows that were not used for longest.</summary>
    private List<Entry> MakeRoom(int wanted)
    {
        if (flows.Count + wanted <= mostFlows) return [];
        DropDone();
        var dropped = new List<Entry>();
        foreach (var flow in flows.Values.Where(static f => !f.Refilling).OrderBy(static f => f.UsedAt).Take(flows.Count + wanted - mostFlows).ToList())
        {
            dropped.AddRange(flow.Ready);
            LeaveOut(flow);
        }
        return dropped;
    }

    private void LeaveOut(FlowIndex flow)
    {
        (HasLeftOut, LeftOut) = (true, LeftOut + 1);
        Close(flow);
    }

    private FlowIndex Open(Flow key)
    {
        if (!lanes.TryGetValue(key.Lane, out var lane))
        {
            lane = lanes[key.Lane] = new LaneIndex(key.Lane, shares.Command(key.Lane.Command), TurnOf);
            foreach (var (worker, index) in classes) if (worker.Takes(key.Lane)) lane.Join(index.Lanes);
        }
        return flows[key] = new FlowIndex(lane, key, shares.Requester(key.Requester));
    }

    private void Close(FlowIndex flow)
    {
        Count -= flow.Ready.Count;
        flow.Close();
        flows.Remove(flow.Key);
        dry.Remove(flow);
        if (flow.Lane.Flows.Count > 0) return;
        flow.Lane.Close();
        lanes.Remove(flow.Lane.Key);
    }

    private Turn? TurnOf(FlowIndex flow) =>
        flow.Ready.Count == 0 || shares.IsClosed(flow.Requester, now) ? null : Turn.Of(flow.Ready.Min!.Rank, shares.TagOf(flow.Requester), urgent);

    private Turn? TurnOf(LaneIndex lane) =>
        shares.IsClosed(lane.Command, now) || lane.Flows.First() is not { } flow ? null : TurnOf(flow);

    private ClassIndex ClassOf(WorkerClass worker)
    {
        if (classes.TryGetValue(worker, out var index)) return index;
        if (classes.Count >= MaxClasses)
        {
            classes.Clear();
            foreach (var lane in lanes.Values) lane.LeaveClasses();
        }
        index = classes[worker] = new ClassIndex(new TurnHeap<LaneIndex>(TurnOf));
        foreach (var lane in lanes.Values) if (worker.Takes(lane.Key)) lane.Join(index.Lanes);
        return index;
    }

    /// <summary>What a class of workers may take from, and how far the flows that were left out have been read for it.</summary>
    private sealed class ClassIndex(TurnHeap<LaneIndex> lanes)
    {
        public TurnHeap<LaneIndex> Lanes { get; } = lanes;

        public bool IsReading { get; set; }

        /// <summary>The last flow of the page before; null at the beginning.</summary>
        public Flow? ReadTo { get; set; }

        /// <summary>Whether this reading has found any.</summary>
        public bool Found { get; set; }

        /// <summary>What was left out when this reading began, when its last page began, and when the last reading began that found none.</summary>
        public long BeganAt { get; set; }

        public long PageAt { get; set; }

        public long FoundNone { get; set; } = -1;

        public SteadyTime NotBefore { get; set; }
    }
}
