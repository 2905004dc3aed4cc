using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Jobs;

/// <summary>
/// The jobs that time alone will change: of many the soonest, so that a million later ones cost nothing. While the table has
/// <see cref="More"/>, those past <see cref="end"/> are left out until they are read.
/// </summary>
/// <param name="capacity">How many are held.</param>
internal sealed class DueWindow(int capacity)
{
    private static readonly Comparer<DueJob> ByTime = Comparer<DueJob>.Create(static (a, b) =>
        a.At.CompareTo(b.At) is var order and not 0 ? order : a.Id.CompareTo(b.Id));

    private readonly Dictionary<Guid, DueJob> jobs = [];
    private readonly SortedSet<DueJob> order = new(ByTime);
    private SteadyTime end;
    private bool isReading;

    public int Count => jobs.Count;

    /// <summary>Whether the table holds later ones that are not here.</summary>
    public bool More { get; private set; }

    /// <summary>Whether the table should be read: it holds more, and here few are left.</summary>
    public bool IsRunningDry => More && !isReading && jobs.Count <= capacity / 4;

    public SteadyTime? Next => order.Count == 0 ? null : order.Min!.At;

    /// <summary>Files a job; what is older than what is known is ignored.</summary>
    /// <param name="due">Null where time alone won't change it.</param>
    public void Observe(Guid id, long version, DueJob? due)
    {
        if (jobs.TryGetValue(id, out var known))
        {
            if (known.Version > version) return;
            Remove(known);
            // The same moment as before: where it is no date, a wall clock that was set since does not move it.
            if (due is { IsDate: false } && known.DueAt == due.DueAt) due = due with { At = known.At };
        }
        if (due is null || More && !isReading && due.At > end) return;
        Add(due);
        if (jobs.Count <= capacity) return;
        Remove(order.Max!);
        (More, end) = (true, order.Max!.At);
    }

    /// <summary>To be called before the table is read: until <see cref="EndRead"/>, nothing is left out but what does not fit.</summary>
    public void BeginRead() => isReading = true;

    /// <summary>Files the soonest rows of the table.</summary>
    /// <param name="complete">Whether these are all.</param>
    public void EndRead(IReadOnlyList<DueJob> rows, bool complete)
    {
        More = false;
        Add(rows);
        isReading = false;
        if (complete) return;
        (More, end) = (true, rows[^1].At);
    }

    /// <summary>Files rows of the table that were not heard of.</summary>
    public void Add(IReadOnlyList<DueJob> rows)
    {
        foreach (var row in rows)
        {
            if (!jobs.TryGetValue(row.Id, out var known) || known.Version < row.Version) Observe(row.Id, row.Version, row);
        }
    }

    public void AbandonRead() => isReading = false;

    /// <summary>Takes out the next job whose time has come.</summary>
    public DueJob? TakeDue(SteadyTime now)
    {
        if (order.Count == 0 || order.Min!.At > now) return null;
        var due = order.Min;
        Remove(due);
        return due;
    }

    /// <summary>The wall clock has moved by so many milliseconds against the steady one: dates come so much sooner.</summary>
    public void MoveDates(long milliseconds)
    {
        foreach (var job in order.Where(static j => j.IsDate).ToList())
        {
            Remove(job);
            Add(job with { At = job.At - milliseconds });
        }
    }

    private void Add(DueJob job)
    {
        jobs[job.Id] = job;
        order.Add(job);
    }

    private void Remove(DueJob job)
    {
        jobs.Remove(job.Id);
        order.Remove(job);
    }
}

/// <summary>A job that time alone will change.</summary>
/// <param name="DueAt">When, by the row: in milliseconds since 1970.</param>
/// <param name="At">When, on the steady clock.</param>
/// <param name="IsDate">Whether the moment is a date, which follows the wall clock.</param>
internal sealed record DueJob(Guid Id, long Version, long DueAt, SteadyTime At, bool IsDate);
