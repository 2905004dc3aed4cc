using System.Globalization;

namespace OpenClaw.Broker.Jobs;

/// <summary>Why an event changed nothing.</summary>
internal enum Refusal
{
    None,

    /// <summary>The sender's lease token isn't the job's newest.</summary>
    LeaseLost,

    /// <summary>No token, and another worker holds the job.</summary>
    WrongWorker,

    /// <summary>The event needs a running job.</summary>
    NotRunning,

    /// <summary>The job's first final outcome stands.</summary>
    AlreadyEnded,

    /// <summary>What the event asks for is so already.</summary>
    AlreadySo,

    /// <summary>The event needs a job that has ended.</summary>
    NotEnded,
}

/// <summary>What an event makes of a job: the next job, or why there is none.</summary>
internal readonly record struct Step(Job? Next, Refusal Refusal)
{
    /// <summary>The job is no more.</summary>
    public static readonly Step Gone;

    public static implicit operator Step(Job next) => new(next, Refusal.None);
    public static implicit operator Step(Refusal refusal) => new(null, refusal);
}

/// <summary>A job's whole life as one pure function.</summary>
internal static class JobRules
{
    public const string Cancelled = "cancelled";

    public static Step Next(Job job, JobEvent e) => e switch
    {
        Claimed claimed => Claim(job, claimed),
        HolderEvent held when Fence(job, held) is var fence and not Refusal.None => fence,
        Finished finished => End(job, JobState.Done, Outcome.Ok, finished.Now, error: null),
        Failed failed => Fail(job, failed),
        Heartbeat heartbeat => job with { LeaseUntil = At(job, heartbeat.LeaseUntil) },
        Released released => GiveBack(job, released.Now),
        Undelivered undone => Undo(job, undone),
        LeaseEnded ended => LoseLease(job, ended),
        CancelRequested cancel => Cancel(job, cancel),
        Deleted => job.IsFinal ? Step.Gone : Refusal.NotEnded,
        _ => throw new ArgumentOutOfRangeException(nameof(e), e.GetType().Name, "not an event of a job"),
    };

    /// <summary>May the sender say this of the job? With a token the token alone decides, without one who has held the job.</summary>
    private static Refusal Fence(Job job, HolderEvent e)
    {
        if (e.Token is not null && e.Token != job.LeaseToken) return Refusal.LeaseLost;
        if (job.IsFinal) return Refusal.AlreadyEnded;
        return e.Token is not null ? OfNewest(job, e) : OfUnnamed(job, e);
    }

    /// <summary>The newest attempt may end the job as long as nobody has claimed it since, also after its lease.</summary>
    private static Refusal OfNewest(Job job, HolderEvent e) => (job.State, e) switch
    {
        (JobState.Running, _) or (_, Finished or Failed) => Refusal.None,
        (_, Released) => Refusal.AlreadySo,
        _ => Refusal.LeaseLost,
    };

    /// <summary>
    /// Workers that know no tokens have no heartbeat either, so a long job passes through several of them: the work of each
    /// counts. A failure, a heartbeat or a release is only the present holder's to say.
    /// </summary>
    private static Refusal OfUnnamed(Job job, HolderEvent e)
    {
        var isRunning = job.State == JobState.Running;
        if (e is Failed && job.Attempt == 0) return Refusal.None; // the Python broker fails it, too
        if (job.Attempt == 0) return Refusal.NotRunning;
        if (e.WorkerId is null) return isRunning ? Refusal.None : Refusal.NotRunning;
        if (e is Finished) return HasHeld(job, e.WorkerId) ? Refusal.None : Refusal.WrongWorker;
        if (isRunning) return job.WorkerId is null || e.WorkerId == job.WorkerId ? Refusal.None : Refusal.WrongWorker;
        return e switch
        {
            Failed => e.WorkerId == job.WorkerId ? Refusal.None : Refusal.WrongWorker,
            Released when e.WorkerId == job.WorkerId => Refusal.AlreadySo,
            _ => Refusal.NotRunning,
        };
    }

    private static bool HasHeld(Job job, string worker) =>
        worker == job.WorkerId || job.State == JobState.Running && job.WorkerId is null || job.EarlierHolders.Contains(worker, StringComparer.Ordinal);

    private static Step Claim(Job job, Claimed e) => job.State switch
    {
        JobState.Queued => job with
        {
            State = JobState.Running,
            Attempt = job.Attempt + 1,
            StartedAt = At(job, e.Now),
            LeaseUntil = At(job, e.Now) + (e.LeaseUntil - e.Now),
            LeaseToken = e.Token,
            WorkerId = e.WorkerId,
            EarlierHolders = HoldersBefore(job),
            ClaimId = e.ClaimId,
        },
        JobState.Running when e.ClaimId is not null && e.ClaimId == job.ClaimId && e.WorkerId == job.WorkerId =>
            job with { LeaseUntil = At(job, e.LeaseUntil) },
        _ => Refusal.NotRunning,
    };

    private static IReadOnlyList<string> HoldersBefore(Job job) => job.WorkerId is not { } last
        ? job.EarlierHolders
        : [.. job.EarlierHolders.Where(w => w != last).TakeLast(Job.MaxHolders - 1), last];

    private static Step Fail(Job job, Failed e)
    {
        var failed = job with { Failures = job.Failures + 1 };
        return job.CancelRequested
            ? End(failed, JobState.Cancelled, Outcome.Cancelled, e.Now, CancelledError(job.CancelReason ?? (e.Error == Cancelled ? null : e.Error)))
            : End(failed, JobState.Failed, Outcome.Failed, e.Now, e.Error);
    }

    private static Step Undo(Job job, Undelivered e) => job.State == JobState.Running && job.Version == e.Version && e.Before.Id == job.Id
        ? e.Before with { Version = job.Version }
        : Refusal.LeaseLost;

    private static Step LoseLease(Job job, LeaseEnded e)
    {
        if (job.State != JobState.Running || job.Version != e.Version) return Refusal.LeaseLost;
        var lost = job with { LostLeases = job.LostLeases + 1 };
        return lost.LostLeases >= Job.MaxLostLeases && !lost.CancelRequested
            ? End(lost, JobState.Failed, Outcome.LostTooOften, e.Now, string.Create(CultureInfo.InvariantCulture, $"lease lost {lost.LostLeases} times"))
            : GiveBack(lost, e.Now);
    }

    private static Step Cancel(Job job, CancelRequested e) => job.State switch
    {
        _ when job.IsFinal => Refusal.AlreadyEnded,
        JobState.Running when !job.CancelRequested => job with { CancelRequested = true, CancelReason = e.Reason },
        JobState.Running => Refusal.AlreadySo,
        _ => End(job, JobState.Cancelled, Outcome.Cancelled, e.Now, CancelledError(e.Reason)),
    };

    /// <summary>Back to its place in the queue, or cancelled where somebody asked for that meanwhile.</summary>
    private static Job GiveBack(Job job, long now) => job.CancelRequested
        ? End(job, JobState.Cancelled, Outcome.Cancelled, now, CancelledError(job.CancelReason))
        : job with { State = JobState.Queued, LeaseUntil = null, ClaimId = null };

    private static Job End(Job job, JobState state, Outcome outcome, long now, string? error) => job with
    {
        State = state,
        Outcome = outcome,
        FinishedAt = At(job, now),
        LeaseUntil = null,
        ClaimId = null,
        Error = error,
    };

    /// <summary>A job's times never go backwards, even where the wall clock did.</summary>
    private static long At(Job job, long now) => Math.Max(now, job.StartedAt ?? job.CreatedAt);

    private static string CancelledError(string? reason) => reason is null ? Cancelled : $"{Cancelled}: {reason}";
}
