using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Queues;

/// <summary>
/// What a queue knows of its unfinished jobs, in memory: which are ready, set aside for a worker, or leased. Of the ready ones
/// it holds a <see cref="QueueWindow"/>.
/// </summary>
internal sealed class QueueIndex
{
    private const int MinimumDeadlines = 1024;
    private readonly Dictionary<Guid, Entry> entries = [];
    private readonly PriorityQueue<Entry, SteadyTime> deadlines = new();
    private readonly Dictionary<Guid, long> forgotten = [];
    private int reads;

    public QueueIndex(int capacity, int mostFlows = QueueWindow.MostFlows) => Window = new QueueWindow(capacity, Shares, mostFlows);

    public QueueShares Shares { get; } = new();

    /// <summary>The ready jobs.</summary>
    public QueueWindow Window { get; }

    public int Leased => Shares.Queue.Leased;

    public int SetAsideCount => Shares.Queue.SetAside;

    public bool IsEmpty => entries.Count == 0;

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

    /// <summary>Files a job by what the news say; those older than what is known are ignored.</summary>
    /// <param name="now">Now, on the clock that deadlines are counted by.</param>
    /// <param name="waitedMs">How long ago it happened.</param>
    /// <returns>Whether the job became ready here.</returns>
    public bool Observe(JobNews news, SteadyTime now, long waitedMs = 0) => FileNews(news, now - waitedMs, isRow: false);

    /// <summary>Drops a job that no longer exists.</summary>
    public void Forget(Guid id, long version = long.MaxValue)
    {
        if (entries.Remove(id, out var entry)) Unfile(entry);
        if (reads > 0) forgotten[id] = version;
    }

    /// <summary>Takes the job whose turn it is for a worker and sets it aside until a time.</summary>
    /// <param name="wall">Now, in milliseconds since 1970.</param>
    public Guid? SetAside(WorkerClass worker, SteadyTime now, long wall, SteadyTime until)
    {
        if (Shares.IsClosed(Shares.Queue, now) || Window.First(worker, now, wall) is not { } first) return null;
        Unfile(first);
        File(first, Place.SetAside, until);
        Shares.Charge(first.Requester);
        return first.Id;
    }

    /// <summary>Puts a job that was set aside, and that nobody claimed, back to its place.</summary>
    /// <returns>Its lane, where it is ready again.</returns>
    public Lane? Return(Guid id)
    {
        if (!entries.TryGetValue(id, out var entry) || entry.Place != Place.SetAside) return null;
        Unfile(entry);
        return AddReady(entry) ? entry.Flow.Lane : null;
    }

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
            if (AddReady(entry)) lanes.Add(entry.Flow.Lane);
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
    public bool ObserveRow(JobNews row, SteadyTime now) => (entries.ContainsKey(row.Id) || !IsForgotten(row.Id, row.Version))
        && FileNews(row, now, isRow: true);

    public void BeginRefill(FlowIndex flow)
    {
        BeginRead();
        flow.BeginRefill();
    }

    /// <summary>Ends a refill that read nothing.</summary>
    /// <param name="notBefore">When the next may be tried.</param>
    public void AbandonRefill(FlowIndex flow, SteadyTime notBefore = default)
    {
        flow.AbandonRefill(notBefore);
        EndRead();
    }

    /// <summary>Adds the jobs that a refill read from the flow's start and that are not known yet.</summary>
    /// <param name="complete">Whether the table had no more of them.</param>
    /// <returns>Whether any became ready.</returns>
    public bool EndRefill(FlowIndex flow, IReadOnlyList<ReadyRow> rows, bool complete)
    {
        var before = Window.Count;
        foreach (var row in rows)
        {
            if (entries.ContainsKey(row.Id) || IsForgotten(row.Id, row.Version)) continue;
            File(NewEntry(row.Id, row.Rank, row.Version, flow.Key), Place.Ready, default);
        }
        flow.EndRefill(rows.Count > 0 ? rows[^1].Rank : null, complete);
        Window.Settle(flow);
        EndRead();
        return Window.Count > before;
    }

    /// <summary>Takes in flows that had been left out and were read for a worker; others make way for them.</summary>
    /// <returns>Whether any job became ready.</returns>
    public bool EndFlows(WorkerClass worker, FlowPage page) => Fill(page, Window.EndFlows(worker, page));

    /// <summary>Takes in all flows that the table has.</summary>
    /// <param name="readAt">What had been left out when the reading began.</param>
    /// <returns>Whether any job became ready.</returns>
    public bool EndAll(FlowPage page, long readAt) => Fill(page, Window.EndAll(page, readAt));

    /// <summary>Whether somebody asked to cancel it and nothing else happened: that gives the lease no time.</summary>
    private static bool IsCancelAlone(Entry known, JobNews news) =>
        news.CancelRequested && !known.CancelRequested && news.Version == known.Version + 1;

    private bool Fill(FlowPage page, (List<FlowIndex> Taken, List<Entry> Dropped) made)
    {
        foreach (var entry in made.Dropped) entries.Remove(entry.Id);
        var rows = page.Flows.ToDictionary(static r => r.Flow);
        var found = false;
        foreach (var flow in made.Taken)
        {
            var read = rows[flow.Key];
            var isLate = flow.More;
            BeginRefill(flow);
            found |= EndRefill(flow, read.Rows, read.Complete && !isLate);
        }
        EndRead();
        return found;
    }

    private bool FileNews(JobNews news, SteadyTime at, bool isRow)
    {
        var until = at + news.LeaseMs;
        var isLeased = false;
        if (entries.TryGetValue(news.Id, out var entry))
        {
            if (news.Version == entry.Version) Correct(entry, until);
            if (news.Version <= entry.Version) return false;
            if (entry.Place == Place.Leased && IsCancelAlone(entry, news)) until = entry.Until;
            isLeased = entry.Place == Place.Leased;
            Unfile(entry);
        }
        if (news.IsReady) return AddReady(NewEntry(news.Id, news.Rank, news.Version, new Flow(news.Lane, news.Requester)));
        if (news.State == JobState.Running)
        {
            var leased = NewEntry(news.Id, news.Rank, news.Version, new Flow(news.Lane, news.Requester));
            (leased.CancelRequested, leased.IsFromTable) = (news.CancelRequested, isRow);
            File(leased, Place.Leased, until);
            if (!isLeased && !isRow) Shares.Start(leased.Flow, at);
            return false;
        }
        Forget(news.Id, news.Version);
        return false;
    }

    /// <summary>The table told of a lease before its news came, and gave it a whole length: the news know when it began.</summary>
    private void Correct(Entry entry, SteadyTime until)
    {
        if (!entry.IsFromTable || entry.Place != Place.Leased || until >= entry.Until) return;
        Unfile(entry);
        entry.IsFromTable = false;
        File(entry, Place.Leased, until);
    }

    private Entry NewEntry(Guid id, Rank rank, long version, Flow flow) =>
        new(id, rank, version, flow, Shares.Command(flow.Lane.Command), Shares.Requester(flow.Requester));

    private bool IsForgotten(Guid id, long version) => forgotten.TryGetValue(id, out var ended) && ended >= version;

    private bool AddReady(Entry entry)
    {
        if (!Window.Admits(entry))
        {
            entries.Remove(entry.Id);
            return false;
        }
        File(entry, Place.Ready, default);
        return true;
    }

    private void File(Entry entry, Place place, SteadyTime until)
    {
        entries[entry.Id] = entry;
        Shares.Move(entry, place);
        (entry.Place, entry.Until) = (place, until);
        if (place == Place.Ready)
        {
            Window.Add(entry);
            return;
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
        if (entry.Place == Place.Ready) Window.Remove(entry);
        Shares.Move(entry, Place.None);
        entry.Place = Place.None;
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
internal sealed class Entry(Guid id, Rank rank, long version, Flow flow, Share command, Share requester)
{
    public Guid Id { get; } = id;

    public Rank Rank { get; } = rank;

    public long Version { get; } = version;

    public Flow Flow { get; } = flow;

    /// <summary>Where it waits, while it is ready.</summary>
    public FlowIndex? Line { get; set; }

    public Share Command { get; } = command;

    public Share Requester { get; } = requester;

    public bool CancelRequested { get; set; }

    /// <summary>Whether it was found in the table, which does not say when its lease began.</summary>
    public bool IsFromTable { get; set; }

    public Place Place { get; set; }

    /// <summary>When it stops being set aside or leased.</summary>
    public SteadyTime Until { get; set; }
}
