using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Queues;

/// <summary>
/// What a queue knows of its unfinished jobs, in memory: which are ready, set aside for a worker, or leased. Of the ready ones
/// it holds a <see cref="QueueWindow"/>.
/// </summary>
internal sealed class QueueIndex(int capacity)
{
    private const int MinimumDeadlines = 1024;
    private readonly Dictionary<Guid, Entry> entries = [];
    private readonly PriorityQueue<Entry, SteadyTime> deadlines = new();
    private readonly Dictionary<Guid, long> forgotten = [];
    private int reads;

    /// <summary>The ready jobs.</summary>
    public QueueWindow Window { get; } = new(capacity);

    public int Leased { get; private set; }

    public int SetAsideCount { get; private set; }

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
    public bool Observe(JobNews news, SteadyTime now, long waitedMs = 0) => FileNews(news, now + (news.LeaseMs - waitedMs), isRow: false);

    /// <summary>Drops a job that no longer exists.</summary>
    public void Forget(Guid id, long version = long.MaxValue)
    {
        if (entries.Remove(id, out var entry)) Unfile(entry);
        if (reads > 0) forgotten[id] = version;
    }

    /// <summary>Takes the first job that a worker with these capabilities may have and sets it aside until a time.</summary>
    public Guid? SetAside(Lane caps, SteadyTime until)
    {
        if (Window.First(caps) is not { } first) return null;
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
    public bool ObserveRow(JobNews row, SteadyTime now) => (entries.ContainsKey(row.Id) || !IsForgotten(row.Id, row.Version))
        && FileNews(row, now + row.LeaseMs, isRow: true);

    public void BeginRefill(LaneIndex lane)
    {
        BeginRead();
        lane.BeginRefill();
    }

    /// <summary>How many of a lane's jobs a refill must look past because they are known already.</summary>
    public int KnownIn(LaneIndex lane) => lane.Ready.Count + SetAsideCount;

    /// <summary>Ends a refill that read nothing.</summary>
    /// <param name="notBefore">When the next may be tried.</param>
    public void AbandonRefill(LaneIndex lane, SteadyTime notBefore = default)
    {
        lane.AbandonRefill(notBefore);
        EndRead();
    }

    /// <summary>Adds the jobs that a refill read from the lane's start and that are not known yet.</summary>
    /// <param name="complete">Whether the table had no more of them.</param>
    /// <returns>Whether any became ready.</returns>
    public bool EndRefill(LaneIndex lane, IReadOnlyList<ReadyRow> rows, bool complete)
    {
        var before = Window.Count;
        foreach (var row in rows)
        {
            if (entries.ContainsKey(row.Id) || IsForgotten(row.Id, row.Version)) continue;
            File(new Entry(row.Id, row.Rank, row.Version, lane.Lane), Place.Ready, default);
        }
        lane.EndRefill(rows.Count > 0 ? rows[^1].Rank : null, complete);
        EndRead();
        return Window.Count > before;
    }

    /// <summary>Whether somebody asked to cancel it and nothing else happened: that gives the lease no time.</summary>
    private static bool IsCancelAlone(Entry known, JobNews news) =>
        news.CancelRequested && !known.CancelRequested && news.Version == known.Version + 1;

    private bool FileNews(JobNews news, SteadyTime until, bool isRow)
    {
        if (entries.TryGetValue(news.Id, out var entry))
        {
            if (news.Version == entry.Version) Correct(entry, until);
            if (news.Version <= entry.Version) return false;
            if (entry.Place == Place.Leased && IsCancelAlone(entry, news)) until = entry.Until;
            Unfile(entry);
        }
        if (news.IsReady) return AddReady(new Entry(news.Id, news.Rank, news.Version, news.Lane));
        if (news.State == JobState.Running)
        {
            File(new Entry(news.Id, news.Rank, news.Version, news.Lane) { CancelRequested = news.CancelRequested, IsFromTable = isRow }, Place.Leased, until);
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
        File(new Entry(entry.Id, entry.Rank, entry.Version, entry.Lane) { CancelRequested = entry.CancelRequested }, Place.Leased, until);
    }

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
        (entry.Place, entry.Until) = (place, until);
        switch (place)
        {
            case Place.Ready:
                Window.Add(entry);
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
                Window.Remove(entry);
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

    /// <summary>Whether it was found in the table, which does not say when its lease began.</summary>
    public bool IsFromTable { get; init; }

    public Place Place { get; set; }

    /// <summary>When it stops being set aside or leased.</summary>
    public SteadyTime Until { get; set; }
}
