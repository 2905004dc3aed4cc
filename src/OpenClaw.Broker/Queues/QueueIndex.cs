using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Queues;

/// <summary>
/// What a queue knows of its unfinished jobs, in memory: which are ready, set aside for a worker, or leased. It is a window
/// on the table: each lane holds its oldest jobs, and while the table has <see cref="LaneIndex.More"/>, jobs past the
/// window's end are left out until a refill reads them.
/// </summary>
internal sealed class QueueIndex(int capacity)
{
    /// <summary>Every lane may hold this many, however full the window is.</summary>
    public const int LaneMinimum = 64;

    private const int MaxCachedSets = 1000;
    private const int MinimumDeadlines = 1024;
    private readonly Dictionary<Guid, Entry> entries = [];
    private readonly Dictionary<Lane, LaneIndex> lanes = [];
    private readonly Dictionary<Lane, LaneIndex[]> lanesByCaps = [];
    private readonly PriorityQueue<Entry, SteadyTime> deadlines = new();
    private readonly Dictionary<Guid, long> forgotten = [];
    private int reads;

    public int Ready { get; private set; }

    public int Leased { get; private set; }

    public int SetAsideCount { get; private set; }

    public bool IsEmpty => entries.Count == 0;

    /// <summary>The place of the first ready job of all lanes.</summary>
    public Rank? FirstReady => lanes.Values.Where(static l => l.Ready.Count > 0).Select(static l => (Rank?)l.Ready.Min!.Rank).Min();

    /// <summary>The lanes that have ready jobs.</summary>
    public IEnumerable<Lane> ReadyLanes => lanes.Values.Where(static l => l.Ready.Count > 0).Select(static l => l.Lane);

    /// <summary>How many deadlines are remembered, overtaken ones included.</summary>
    public int Deadlines => deadlines.Count;

    /// <summary>The earliest end of a lease or of a set-aside; null where there is none.</summary>
    public SteadyTime? NextDeadline
    {
        get
        {
            while (deadlines.TryPeek(out var entry, out var until))
            {
                if (entry.Until == until && entry.Place is Place.SetAside or Place.Leased) return until;
                deadlines.Dequeue();
            }
            return null;
        }
    }

    /// <summary>How many jobs a refill of a lane reads.</summary>
    public int LaneQuota => Math.Max(LaneMinimum, capacity / Math.Max(1, lanes.Count));

    /// <summary>Files a job by what the news say; those older than what is known are ignored.</summary>
    /// <param name="now">Now, on the clock that deadlines are counted by.</param>
    /// <param name="waitedMs">How long ago it happened.</param>
    /// <returns>Whether the job became ready here.</returns>
    public bool Observe(JobNews news, SteadyTime now, long waitedMs = 0)
    {
        var until = now + (news.LeaseMs - waitedMs);
        if (entries.TryGetValue(news.Id, out var entry))
        {
            if (news.Version <= entry.Version) return false;
            if (entry.Place == Place.Leased && IsCancelAlone(entry, news)) until = entry.Until;
            Unfile(entry);
        }
        if (news.IsReady) return AddReady(new Entry(news.Id, news.Rank, news.Version, news.Lane));
        if (news.State == JobState.Running)
        {
            File(new Entry(news.Id, news.Rank, news.Version, news.Lane) { CancelRequested = news.CancelRequested }, Place.Leased, until);
            return false;
        }
        Forget(news.Id, news.Version);
        return false;
    }

    /// <summary>Drops a job that no longer exists.</summary>
    public void Forget(Guid id, long version = long.MaxValue)
    {
        if (entries.Remove(id, out var entry)) Unfile(entry);
        if (reads > 0) forgotten[id] = version;
    }

    /// <summary>Takes the first job that a worker with these capabilities may have and sets it aside until a time.</summary>
    public Guid? SetAside(Lane caps, SteadyTime until)
    {
        Entry? first = null;
        foreach (var lane in LanesFor(caps))
        {
            if (lane.Ready.Count > 0 && lane.Ready.Min is { } head && (first is null || head.Rank < first.Rank)) first = head;
        }
        if (first is null) return null;
        Unfile(first);
        File(first, Place.SetAside, until);
        return first.Id;
    }

    /// <summary>Puts a job that was set aside, and that nobody claimed, back to its place.</summary>
    /// <returns>Its lane, where it is ready again.</returns>
    public Lane? Return(Guid id)
    {
        if (!entries.TryGetValue(id, out var entry) || entry.Place != Place.SetAside) return null;
        Unfile(entry);
        return AddReady(entry) ? entry.Lane : null;
    }

    /// <summary>A lane of these capabilities that is running dry while the table holds more of it.</summary>
    public LaneIndex? LaneToRefill(Lane caps, SteadyTime now) =>
        LanesFor(caps).FirstOrDefault(l => l.More && !l.Refilling && l.Ready.Count < LaneQuota / 4 && l.NotBefore <= now);

    /// <summary>Whether a worker with these capabilities should wait for a refill rather than go away empty.</summary>
    public bool IsRefilling(Lane caps) => LanesFor(caps).Any(static l => l.Refilling && l.Ready.Count == 0);

    /// <summary>What was due by now: set-asides went back to their places, leases are returned to be ended.</summary>
    /// <param name="lanes">The lanes that got jobs back.</param>
    public List<Entry> TakeOverdue(SteadyTime now, out HashSet<Lane> lanes)
    {
        lanes = [];
        var overdue = new List<Entry>();
        while (NextDeadline is { } until && until <= now)
        {
            var entry = deadlines.Dequeue();
            if (entry.Place == Place.Leased)
            {
                overdue.Add(entry);
                continue;
            }
            Unfile(entry);
            if (AddReady(entry)) lanes.Add(entry.Lane);
        }
        return overdue;
    }

    /// <summary>Whether the entry is what is known of its job.</summary>
    public bool IsCurrent(Entry entry) => entries.GetValueOrDefault(entry.Id) == entry;

    /// <summary>Tries the end of a lease again later.</summary>
    public void Postpone(Entry entry, SteadyTime until)
    {
        if (!IsCurrent(entry)) return;
        entry.Until = until;
        deadlines.Enqueue(entry, until);
    }

    /// <summary>To be called before the table is read: what ends meanwhile is remembered.</summary>
    public void BeginRead() => reads++;

    public void EndRead()
    {
        if (--reads == 0) forgotten.Clear();
    }

    /// <summary>As <see cref="Observe"/>, for a row of the table that may be older than what came by since.</summary>
    public bool ObserveRow(JobNews row, SteadyTime now) => (entries.ContainsKey(row.Id) || !IsForgotten(row.Id, row.Version)) && Observe(row, now);

    public void BeginRefill(LaneIndex lane)
    {
        BeginRead();
        lane.Refilling = true;
        lane.Skipped = false;
    }

    /// <summary>How many of a lane's jobs a refill must look past because they are known already.</summary>
    public int KnownIn(LaneIndex lane) => lane.Ready.Count + SetAsideCount;

    /// <summary>Ends a refill that read nothing.</summary>
    /// <param name="notBefore">When the next may be tried.</param>
    public void AbandonRefill(LaneIndex lane, SteadyTime notBefore = default)
    {
        lane.Refilling = false;
        lane.NotBefore = notBefore;
        EndRead();
    }

    /// <summary>Adds the jobs that a refill read from the lane's start and that are not known yet.</summary>
    /// <param name="complete">Whether the table had no more of them.</param>
    /// <returns>Whether any became ready.</returns>
    public bool EndRefill(LaneIndex lane, IReadOnlyList<ReadyRow> rows, bool complete)
    {
        var before = Ready;
        foreach (var row in rows)
        {
            if (entries.ContainsKey(row.Id) || IsForgotten(row.Id, row.Version)) continue;
            File(new Entry(row.Id, row.Rank, row.Version, lane.Lane), Place.Ready, default);
        }
        lane.More = !complete || lane.Skipped;
        if (rows.Count > 0) lane.End = rows[^1].Rank > lane.End ? rows[^1].Rank : lane.End;
        AbandonRefill(lane);
        return Ready > before;
    }

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

    /// <summary>Whether somebody asked to cancel it and nothing else happened: that gives the lease no time.</summary>
    private static bool IsCancelAlone(Entry known, JobNews news) =>
        news.CancelRequested && !known.CancelRequested && news.Version == known.Version + 1;

    private bool IsForgotten(Guid id, long version) => forgotten.TryGetValue(id, out var ended) && ended >= version;

    private bool AddReady(Entry entry)
    {
        var lane = LaneOf(entry.Lane);
        if (!lane.More && Ready >= capacity && lane.Ready.Count >= LaneMinimum)
        {
            lane.More = true;
            lane.End = lane.Ready.Max!.Rank;
        }
        if (lane.More && entry.Rank > lane.End)
        {
            lane.Skipped = true;
            entries.Remove(entry.Id);
            return false;
        }
        File(entry, Place.Ready, default);
        return true;
    }

    private void File(Entry entry, Place place, SteadyTime until)
    {
        entries[entry.Id] = entry;
        (entry.Place, entry.Until) = (place, until);
        switch (place)
        {
            case Place.Ready:
                LaneOf(entry.Lane).Ready.Add(entry);
                Ready++;
                return;
            case Place.SetAside:
                SetAsideCount++;
                break;
            case Place.Leased:
                Leased++;
                break;
        }
        deadlines.Enqueue(entry, until);
        if (deadlines.Count > MinimumDeadlines + 2 * (SetAsideCount + Leased)) DropStaleDeadlines();
    }

    /// <summary>Forgets the deadlines that heartbeats and ends have overtaken.</summary>
    private void DropStaleDeadlines()
    {
        deadlines.Clear();
        deadlines.EnqueueRange(entries.Values.Where(static e => e.Place is Place.SetAside or Place.Leased).Select(static e => (e, e.Until)));
    }

    private void Unfile(Entry entry)
    {
        switch (entry.Place)
        {
            case Place.Ready:
                LaneOf(entry.Lane).Ready.Remove(entry);
                Ready--;
                break;
            case Place.SetAside:
                SetAsideCount--;
                break;
            case Place.Leased:
                Leased--;
                break;
        }
        entry.Place = Place.None;
    }

    private LaneIndex[] LanesFor(Lane caps)
    {
        if (lanesByCaps.TryGetValue(caps, out var cached)) return cached;
        if (lanesByCaps.Count >= MaxCachedSets) lanesByCaps.Clear();
        var names = caps.Names.ToHashSet(StringComparer.Ordinal);
        return lanesByCaps[caps] = [.. lanes.Values.Where(l => l.Names.All(names.Contains))];
    }
}

internal enum Place
{
    None,
    Ready,
    SetAside,
    Leased,
}

/// <summary>One unfinished job in the index.</summary>
internal sealed class Entry(Guid id, Rank rank, long version, Lane lane)
{
    public Guid Id { get; } = id;

    public Rank Rank { get; } = rank;

    public long Version { get; } = version;

    public Lane Lane { get; } = lane;

    public bool CancelRequested { get; init; }

    public Place Place { get; set; }

    /// <summary>When it stops being set aside or leased.</summary>
    public SteadyTime Until { get; set; }
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

    public bool Refilling { get; set; }

    /// <summary>After a refill that failed: when the next may be tried.</summary>
    public SteadyTime NotBefore { get; set; }

    /// <summary>Whether a job past the end was left out since the refill began.</summary>
    public bool Skipped { get; set; }
}
