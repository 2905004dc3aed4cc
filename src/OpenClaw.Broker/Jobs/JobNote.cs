namespace OpenClaw.Broker.Jobs;

/// <summary>What would be forgotten otherwise: the row tells a job's creation, its newest claim and its end, a note all that came between.</summary>
/// <param name="At">Milliseconds since 1970.</param>
/// <param name="Event">One of <see cref="JobNotes"/>.</param>
/// <param name="State">The job's state after it.</param>
/// <param name="Actor">Who did it; null of what no person did.</param>
/// <param name="Kind">Of the end of an attempt: one of <see cref="ErrorKinds"/>.</param>
/// <param name="WorkerId">Of the end of an attempt: who had it.</param>
/// <param name="StartedAt">Of the end of an attempt: when it began.</param>
/// <param name="Detail">An error or a reason.</param>
internal sealed record JobNote(long At, string Event, JobState State, int Round, int Attempt, string? Actor, string? Kind, string? WorkerId,
    long? StartedAt, string? Detail)
{
    /// <summary>An attempt ended, and the job did not.</summary>
    public static JobNote OfAttempt(Job ended, Job next, long at, string what, string kind, string? detail) =>
        new(at, what, next.State, ended.Round, ended.Attempt, null, kind, ended.WorkerId, ended.StartedAt, detail);

    /// <summary>Somebody changed the job.</summary>
    public static JobNote OfPerson(Job next, PersonEvent e, string what, string? detail = null) =>
        new(e.Now, what, next.State, next.Round, next.Attempt, e.Actor, null, null, null, detail);

    /// <summary>The end of a round, which the next one overwrites.</summary>
    public static JobNote OfEnd(Job ended) => new(ended.FinishedAt!.Value, JobNotes.Ended, ended.State, ended.Round, ended.Attempt,
        ended.Outcome is Outcome.Ok or Outcome.Failed ? ended.WorkerId : null,
        ErrorKinds.Of(ended), ended.Attempt > 0 ? ended.WorkerId : null, ended.Attempt > 0 ? ended.StartedAt : null, ended.Error);
}

/// <summary>The words for what happened to a job, in its history.</summary>
internal static class JobNotes
{
    public const string Created = "created";
    public const string Claimed = "claimed";
    public const string Failed = "failed";
    public const string Retried = "retried";
    public const string Released = "released";
    public const string LeaseLost = "lease_lost";
    public const string Edited = "edited";
    public const string Held = "held";
    public const string Unheld = "unheld";
    public const string Approved = "approved";
    public const string Denied = "denied";
    public const string CancelAsked = "cancel_asked";
    public const string Ended = "ended";
}

/// <summary>How an attempt ended that gave no result.</summary>
internal static class ErrorKinds
{
    public const string Failed = "failed";
    public const string Interrupted = "interrupted";
    public const string LeaseLost = "lease_lost";
    public const string Timeout = "timeout";
    public const string Expired = "expired";
    public const string Dependency = "dependency";

    /// <summary>Of a job that has ended without a result; null of one that was cancelled or is done.</summary>
    public static string? Of(Job ended) => ended.Outcome switch
    {
        Outcome.Failed => Failed,
        Outcome.TimedOut => Timeout,
        Outcome.LostTooOften => LeaseLost,
        Outcome.Expired => Expired,
        Outcome.ParentFailed => Dependency,
        _ => null,
    };
}
