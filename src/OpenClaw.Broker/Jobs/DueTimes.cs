using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Jobs;

/// <summary>
/// Hears when time alone will change a job, and keeps the moments on the steady clock. Those that are dates follow the wall
/// clock, whatever happens to it.
/// </summary>
internal sealed class DueTimes(Clock clock) : INewsSink
{
    public const int Capacity = 10_000;

    /// <summary>A wall clock that is set counts from so many milliseconds on; less is its drift.</summary>
    private const long Jump = 500;

    private readonly Lock gate = new();
    private readonly DueWindow window = new(Capacity);
    private long offset = clock.Wall - clock.SteadyNow.Milliseconds;

    /// <summary>Called after each change; not within a lock.</summary>
    public Action Changed { get; set; } = static () => { };

    public SteadyTime? Next
    {
        get
        {
            lock (gate) return window.Next;
        }
    }

    public bool IsRunningDry
    {
        get
        {
            lock (gate) return window.IsRunningDry;
        }
    }

    public ValueTask Heard(JobNews news)
    {
        lock (gate)
        {
            if (news.DueAt is null && window.Count == 0) return ValueTask.CompletedTask;
            FollowDates();
            window.Observe(news.Id, news.Version, news.DueAt is { } at ? new DueJob(news.Id, news.Version, at, news.At + news.DueMs, news.IsDueByDate) : null);
        }
        if (news.DueAt is not null) Changed();
        return ValueTask.CompletedTask;
    }

    /// <summary>Takes out the next job whose time has come.</summary>
    public DueJob? TakeDue()
    {
        lock (gate)
        {
            FollowDates();
            return window.TakeDue(clock.SteadyNow);
        }
    }

    /// <summary>Files a job again, for later.</summary>
    public void PutOff(DueJob job, long milliseconds)
    {
        lock (gate) window.Observe(job.Id, job.Version, job with { DueAt = 0, At = clock.SteadyNow + milliseconds, IsDate = false });
        Changed();
    }

    public void BeginRead()
    {
        lock (gate) window.BeginRead();
    }

    /// <summary>Files what a reading of the table from its start found.</summary>
    /// <param name="rows">Null where it failed.</param>
    public void EndRead(IReadOnlyList<DueRow>? rows)
    {
        lock (gate)
        {
            if (rows is null) window.AbandonRead();
            else window.EndRead(OnSteadyClock(rows), rows.Count < Capacity);
        }
        Changed();
    }

    /// <summary>Files some of the table's rows.</summary>
    public void Add(IReadOnlyList<DueRow> rows)
    {
        lock (gate) window.Add(OnSteadyClock(rows));
        Changed();
    }

    private List<DueJob> OnSteadyClock(IReadOnlyList<DueRow> rows)
    {
        FollowDates();
        var (wall, steady) = (clock.Wall, clock.SteadyNow);
        return [.. rows.Select(r => new DueJob(r.Id, r.Version, r.DueAt, steady + (r.DueAt - wall), r.IsDate))];
    }

    /// <summary>What was filed while the wall clock stood otherwise is moved with it.</summary>
    private void FollowDates()
    {
        var now = clock.Wall - clock.SteadyNow.Milliseconds;
        if (Math.Abs(now - offset) < Jump) return;
        window.MoveDates(now - offset);
        offset = now;
    }
}
