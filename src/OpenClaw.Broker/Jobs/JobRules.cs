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

    /// <summary>The event needs a job that nobody works on yet.</summary>
    NotWaiting,

    /// <summary>Only a job that failed or was cancelled can be done anew.</summary>
    NotFailed,

    /// <summary>No person holds the job.</summary>
    NotHeldByPerson,

    /// <summary>The job has changed since whoever changes it looked.</summary>
    Changed,

    /// <summary>Another job has its unique key.</summary>
    Duplicate,

    /// <summary>An unfinished job needs it.</summary>
    Needed,

    /// <summary>Nobody is asked for a yes.</summary>
    AlreadyDecided,

    /// <summary>The job is not what was shown to whoever decides.</summary>
    DigestChanged,
}

/// <summary>What an event makes of a job: the next job, or why there is none.</summary>
/// <param name="Notes">What goes into its history.</param>
internal readonly record struct Step(Job? Next, Refusal Refusal, params IReadOnlyList<JobNote> Notes)
{
    /// <summary>The job is no more.</summary>
    public static readonly Step Gone = new(null, Refusal.None);

    public static implicit operator Step(Job next) => new(next, Refusal.None);
    public static implicit operator Step(Refusal refusal) => new(null, refusal);
}

/// <summary>What time alone does to a job.</summary>
internal enum Moment
{
    /// <summary>Its time to run.</summary>
    Run,

    /// <summary>It was not started in time.</summary>
    Expire,

    /// <summary>Its attempt took too long.</summary>
    TimeOut,

    /// <summary>Nobody has said yes in time.</summary>
    Deny,
}

/// <summary>A job's whole life as one pure function.</summary>
internal static class JobRules
{
    public const string Cancelled = "cancelled";

    /// <summary>So long after its time an attempt is ended by the broker: its runner ends it first.</summary>
    public const int TimeoutGraceMs = 2000;

    /// <summary>The next moment when time alone changes the job, in milliseconds since 1970.</summary>
    public static (long At, Moment What)? Due(Job job)
    {
        var expires = job is { IsWaiting: true, Attempt: 0 } ? job.ExpiresAt : null;
        return job.State switch
        {
            JobState.Scheduled when job.RunAt is { } run && !(expires < run) => (run, Moment.Run),
            JobState.Running when job.TimeoutMs is { } timeout => (job.StartedAt!.Value + timeout + TimeoutGraceMs, Moment.TimeOut),
            JobState.Held when DecisionRules.Deadline(job) is { } deadline && !(expires < deadline) => (deadline, Moment.Deny),
            _ => expires is { } at ? (at, Moment.Expire) : null,
        };
    }

    public static Step Next(Job job, JobEvent e) => e switch
    {
        Claimed claimed => Claim(job, claimed),
        HolderEvent held when Fence(job, held) is var fence and not Refusal.None => fence,
        Finished finished => End(job, JobState.Done, Outcome.Ok, finished.Now, error: null),
        Failed failed => Fail(job, failed),
        Heartbeat heartbeat => job with { LeaseUntil = At(job, heartbeat.LeaseUntil), Progress = heartbeat.Progress ?? job.Progress },
        Released released => Release(job, released),
        Undelivered undone => Undo(job, undone),
        LeaseEnded ended => LoseLease(job, ended),
        TimeCame came => Come(job, came),
        CancelRequested cancel => Cancel(job, cancel),
        Deleted => job.IsFinal ? Step.Gone : Refusal.NotEnded,
        Decision decision => DecisionRules.Next(job, decision),
        PersonEvent person => PersonRules.Next(job, person),
        LinkEvent link => LinkRules.Next(job, link),
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
        (JobState.Running, _) or (_, Finished) => Refusal.None,
        (_, Failed) => job.IsAnswered ? Refusal.AlreadySo : Refusal.None,
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
            Failed when e.WorkerId == job.WorkerId => job.IsAnswered ? Refusal.AlreadySo : Refusal.None,
            Failed => Refusal.WrongWorker,
            Released when e.WorkerId == job.WorkerId => Refusal.AlreadySo,
            _ => Refusal.NotRunning,
        };
    }

    private static bool HasHeld(Job job, string worker) =>
        worker == job.WorkerId || job.State == JobState.Running && job.WorkerId is null || job.EarlierHolders.Contains(worker, StringComparer.Ordinal);

    private static Step Claim(Job job, Claimed e) => job.State switch
    {
        JobState.Queued when job.IsReady && (e.Queue is null || e.Queue == job.Queue) => job with
        {
            State = JobState.Running,
            Attempt = job.Attempt + 1,
            IsAnswered = false,
            StartedAt = At(job, e.Now),
            LeaseUntil = At(job, e.Now) + (e.LeaseUntil - e.Now),
            LeaseToken = e.Token,
            WorkerId = e.WorkerId,
            EarlierHolders = HoldersBefore(job),
            ClaimId = e.ClaimId,
            ClaimN = e.N,
            Progress = null,
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
        if (job.CancelRequested)
        {
            return End(job with { Failures = job.Failures + 1 }, JobState.Cancelled, Outcome.Cancelled, e.Now,
                CancelledError(job.CancelReason ?? (e.Error == Cancelled ? null : e.Error)));
        }
        var delay = e.IsRetryable ? e.RetryAfterMs ?? job.Backoff.Wait(job.Failures + 1, e.Chance) : (long?)null;
        return EndAttempt(job, e.Now, Outcome.Failed, ErrorKinds.Failed, e.Error, delay);
    }

    /// <summary>A failure counts; the job waits for its next attempt where it has one.</summary>
    /// <param name="delay">In milliseconds; null where no other attempt may follow.</param>
    private static Step EndAttempt(Job job, long now, Outcome outcome, string kind, string error, long? delay)
    {
        var failed = job with { Failures = job.Failures + 1 };
        if (delay is null || failed.Failures >= job.MaxAttempts) return End(failed, JobState.Failed, outcome, now, error);
        var next = Wait(failed with { IsAnswered = true, LeaseUntil = null, ClaimId = null }, At(job, now) + delay.Value);
        return new Step(next, Refusal.None, JobNote.OfAttempt(job, next, now, JobNotes.Failed, kind, error));
    }

    private static Step Release(Job job, Released e)
    {
        var next = GiveBack(job, e.Now);
        if (!next.IsFinal && e.NeedsApproval) next = DecisionRules.Ask(next, job.Approval ?? new Approval(null, Approval.DefaultTimeoutMs, e.Reason), e.Now);
        if (!next.IsFinal && (e.DelayMs > 0 || e.NeedsApproval)) next = Wait(next, At(job, e.Now) + e.DelayMs);
        return next.IsFinal ? next : new Step(next, Refusal.None,
            JobNote.OfAttempt(job, next, e.Now, JobNotes.Released, ErrorKinds.Interrupted, e.Reason));
    }

    private static Step Come(Job job, TimeCame e)
    {
        if (job.Version != e.Version || Due(job) is not { } due) return Refusal.AlreadySo;
        switch (due.What)
        {
            case Moment.Run:
                return job with { State = JobState.Queued };
            case Moment.Expire:
                return End(job, JobState.Failed, Outcome.Expired, e.Now, "expired");
            case Moment.Deny:
                return DecisionRules.TimeOut(job, e.Now);
            default:
                var seconds = (job.TimeoutMs!.Value / 1000.0).ToString(CultureInfo.InvariantCulture);
                var late = job with { LeaseToken = null }; // its result comes too late
                if (job.CancelRequested) return End(late, JobState.Cancelled, Outcome.Cancelled, e.Now, CancelledError(job.CancelReason));
                return EndAttempt(late, e.Now, Outcome.TimedOut, ErrorKinds.Timeout, $"timed out after {seconds} s",
                    job.Backoff.Wait(job.Failures + 1, e.Chance));
        }
    }

    private static Step Undo(Job job, Undelivered e) => job.State == JobState.Running && job.Version == e.Version && e.Before.Id == job.Id
        ? e.Before with { Version = job.Version }
        : Refusal.LeaseLost;

    private static Step LoseLease(Job job, LeaseEnded e)
    {
        if (job.State != JobState.Running || job.Version != e.Version) return Refusal.LeaseLost;
        var lost = job with { LostLeases = job.LostLeases + 1 };
        if (lost.LostLeases >= Job.MaxLostLeases && !lost.CancelRequested)
        {
            return End(lost, JobState.Failed, Outcome.LostTooOften, e.Now, string.Create(CultureInfo.InvariantCulture, $"lease lost {lost.LostLeases} times"));
        }
        var next = GiveBack(lost, e.Now);
        return next.IsFinal ? next : new Step(next, Refusal.None, JobNote.OfAttempt(job, next, e.Now, JobNotes.LeaseLost, ErrorKinds.LeaseLost, null));
    }

    private static Step Cancel(Job job, CancelRequested e)
    {
        if (job.IsFinal) return Refusal.AlreadyEnded;
        if (job is { State: JobState.Running, CancelRequested: true }) return Refusal.AlreadySo;
        var next = job.State == JobState.Running
            ? job with { CancelRequested = true, CancelReason = e.Reason }
            : End(job, JobState.Cancelled, Outcome.Cancelled, e.Now, CancelledError(e.Reason));
        return new Step(next, Refusal.None, JobNote.OfPerson(next, e, JobNotes.CancelAsked, e.Reason));
    }

    /// <summary>Waits for a time to pass; a job that somebody holds meanwhile goes on to be held.</summary>
    private static Job Wait(Job job, long until) => job with
    {
        State = job.Holds.Count > 0 ? JobState.Held : JobState.Scheduled,
        RunAt = until,
        IsDelay = true,
    };

    /// <summary>Back to its place in the queue, or cancelled where somebody asked for that meanwhile.</summary>
    private static Job GiveBack(Job job, long now) => job.CancelRequested
        ? End(job, JobState.Cancelled, Outcome.Cancelled, now, CancelledError(job.CancelReason))
        : job with { State = JobState.Queued, LeaseUntil = null, ClaimId = null };

    public static Job End(Job job, JobState state, Outcome outcome, long now, string? error) => job with
    {
        State = state,
        Outcome = outcome,
        FinishedAt = At(job, now),
        LeaseUntil = null,
        ClaimId = null,
        Error = error,
        Holds = [],
    };

    /// <summary>Ends a job that would wait beside a later one of its unique key.</summary>
    public static Job GiveWay(Job job, Guid later, long now) =>
        End(job, JobState.Cancelled, Outcome.Cancelled, now, CancelledError($"job {later}, with the same unique key, came later"));

    /// <summary>A job's times never go backwards, even where the wall clock did.</summary>
    public static long At(Job job, long now) => Math.Max(now, job.StartedAt ?? job.CreatedAt);

    public static string CancelledError(string? reason) => reason is null ? Cancelled : $"{Cancelled}: {reason}";
}
