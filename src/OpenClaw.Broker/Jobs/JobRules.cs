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
}

/// <summary>What an event makes of a job: the next job, or why there is none.</summary>
internal readonly record struct Step(Job? Next, Refusal Refusal)
{
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
        HolderEvent when job.IsFinal => Refusal.AlreadyEnded,
        Finished finished => Finish(job, finished),
        Failed failed => Fail(job, failed),
        Heartbeat heartbeat => job.State == JobState.Running ? job with { LeaseUntil = heartbeat.LeaseUntil } : Stale(heartbeat),
        Released released => Release(job, released),
        Undelivered undone => Undo(job, undone),
        LeaseEnded ended => LoseLease(job, ended),
        CancelRequested cancel => Cancel(job, cancel),
        _ => throw new ArgumentOutOfRangeException(nameof(e), e.GetType().Name, "not an event of a job"),
    };

    /// <summary>May the sender speak for the job's newest attempt?</summary>
    private static Refusal Fence(Job job, HolderEvent e) => e.Token is not null
        ? e.Token == job.LeaseToken ? Refusal.None : Refusal.LeaseLost
        : job.State == JobState.Running && e.WorkerId is not null && job.WorkerId is not null && e.WorkerId != job.WorkerId
            ? Refusal.WrongWorker
            : Refusal.None;

    private static Step Claim(Job job, Claimed e) => job.State switch
    {
        JobState.Queued => job with
        {
            State = JobState.Running,
            Attempt = job.Attempt + 1,
            StartedAt = Math.Max(e.Now, job.CreatedAt), // the wall clock may have gone back
            LeaseUntil = e.LeaseUntil,
            LeaseToken = e.Token,
            WorkerId = e.WorkerId,
            ClaimId = e.ClaimId,
        },
        JobState.Running when e.ClaimId is not null && e.ClaimId == job.ClaimId && e.WorkerId == job.WorkerId =>
            job with { LeaseUntil = e.LeaseUntil },
        _ => Refusal.NotRunning,
    };

    private static Step Finish(Job job, Finished e)
    {
        var mayFinish = job.State == JobState.Running || e.Token is not null || IsLastHolder(job, e);
        return mayFinish ? End(job, JobState.Done, e.Now, error: null) : Refusal.NotRunning;
    }

    private static Step Fail(Job job, Failed e)
    {
        var failed = job with { Failures = job.Failures + 1 };
        return job.CancelRequested
            ? End(failed, JobState.Cancelled, e.Now, CancelledError(job.CancelReason ?? (e.Error == Cancelled ? null : e.Error)))
            : End(failed, JobState.Failed, e.Now, e.Error);
    }

    private static Step Release(Job job, Released e) => job.State == JobState.Running
        ? GiveBack(job, e.Now)
        : e.Token is not null || IsLastHolder(job, e) ? Refusal.AlreadySo : Refusal.NotRunning;

    private static Step Undo(Job job, Undelivered e)
    {
        if (job.State != JobState.Running || job.LeaseToken != e.Token || job.Version != e.Version) return Refusal.LeaseLost;
        var before = job with { Attempt = job.Attempt - 1, StartedAt = null, LeaseToken = null, WorkerId = null };
        return GiveBack(before, e.Now);
    }

    private static Step LoseLease(Job job, LeaseEnded e)
    {
        if (job.State != JobState.Running || job.LeaseToken != e.Token || e.Steady < job.LeaseUntil) return Refusal.LeaseLost;
        var lost = job with { LostLeases = job.LostLeases + 1 };
        return lost.LostLeases >= Job.MaxLostLeases && !lost.CancelRequested
            ? End(lost, JobState.Failed, e.Now, string.Create(CultureInfo.InvariantCulture, $"lease lost {lost.LostLeases} times"))
            : GiveBack(lost, e.Now);
    }

    private static Step Cancel(Job job, CancelRequested e) => job.State switch
    {
        JobState.Queued or JobState.Scheduled => End(job, JobState.Cancelled, e.Now, CancelledError(e.Reason)),
        JobState.Running when !job.CancelRequested => job with { CancelRequested = true, CancelReason = e.Reason },
        JobState.Running => Refusal.AlreadySo,
        _ => Refusal.AlreadyEnded,
    };

    /// <summary>Back to its place in the queue, or cancelled where somebody asked for that meanwhile.</summary>
    private static Job GiveBack(Job job, long now) => job.CancelRequested
        ? End(job, JobState.Cancelled, now, CancelledError(job.CancelReason))
        : job with { State = JobState.Queued, LeaseUntil = null, ClaimId = null };

    private static Job End(Job job, JobState state, long now, string? error) => job with
    {
        State = state,
        FinishedAt = Math.Max(now, job.StartedAt ?? job.CreatedAt),
        LeaseUntil = null,
        ClaimId = null,
        Error = error,
    };

    private static string CancelledError(string? reason) => reason is null ? Cancelled : $"{Cancelled}: {reason}";

    private static bool IsLastHolder(Job job, HolderEvent e) => job.Attempt > 0 && e.WorkerId is not null && e.WorkerId == job.WorkerId;

    private static Refusal Stale(Heartbeat e) => e.Token is null ? Refusal.NotRunning : Refusal.LeaseLost;
}
