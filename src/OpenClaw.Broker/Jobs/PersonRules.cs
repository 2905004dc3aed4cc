namespace OpenClaw.Broker.Jobs;

/// <summary>What people make of jobs that wait or have ended.</summary>
internal static class PersonRules
{
    public static Step Next(Job job, PersonEvent e) => e switch
    {
        Retried retried => Retry(job, retried),
        _ when !job.IsWaiting => Refusal.NotWaiting,
        HoldPlaced hold => Place(job, hold),
        HoldLifted lift => Lift(job, lift),
        Snoozed snoozed => Snooze(job, snoozed),
        Edited edited => Edit(job, edited),
        _ => throw new ArgumentOutOfRangeException(nameof(e), e.GetType().Name, "not an event of a person"),
    };

    private static Step Retry(Job job, Retried e)
    {
        if (!job.IsFinal) return Refusal.NotEnded;
        if (job.State == JobState.Done) return Refusal.NotFailed;
        var next = job with
        {
            State = e.Parents.Count > 0 || e.Batch is not null ? JobState.Held : JobState.Queued,
            Holds = e.Parents.Count > 0 ? [new Hold(HoldKinds.Parents, e.Now, null, null, e.Parents.Count)]
                : e.Batch is { } batch ? [new Hold(HoldKinds.Batch, e.Now, batch.ToString(), null)] : [],
            Round = job.Round + 1,
            Attempt = 0,
            Failures = 0,
            LostLeases = 0,
            StartedAt = null,
            FinishedAt = null,
            LeaseToken = null,
            WorkerId = null,
            EarlierHolders = [],
            IsAnswered = false,
            CancelRequested = false,
            CancelReason = null,
            Error = null,
            Outcome = null,
            RunAt = null,
            IsDelay = false,
            ExpiresAt = null,
        };
        if (job.Approval is { } approval) next = DecisionRules.Ask(next, approval, e.Now) with { State = JobState.Held };
        return new Step(next, Refusal.None, JobNote.OfEnd(job), JobNote.OfPerson(next, e, JobNotes.Retried));
    }

    private static Step Place(Job job, HoldPlaced e)
    {
        if (job.Holds.Any(static h => h.Kind == HoldKinds.Person)) return Refusal.AlreadySo;
        var next = job with { State = JobState.Held, Holds = [.. job.Holds, new Hold(HoldKinds.Person, e.Now, e.Reason, e.Actor)] };
        return new Step(next, Refusal.None, JobNote.OfPerson(next, e, JobNotes.Held, e.Reason));
    }

    private static Step Lift(Job job, HoldLifted e)
    {
        if (!job.Holds.Any(static h => h.Kind == HoldKinds.Person)) return Refusal.NotHeldByPerson;
        var next = Settle(job with { Holds = [.. job.Holds.Where(static h => h.Kind != HoldKinds.Person)] }, e.Now);
        return new Step(next, Refusal.None, JobNote.OfPerson(next, e, JobNotes.Unheld));
    }

    private static Step Snooze(Job job, Snoozed e)
    {
        var next = Settle(job with { RunAt = JobRules.At(job, e.Now) + e.Ms, IsDelay = true }, e.Now);
        return new Step(next, Refusal.None, JobNote.OfPerson(next, e, JobNotes.Edited, "run_at"));
    }

    private static Step Edit(Job job, Edited e)
    {
        var edit = e.Edit;
        if (edit.Version is { } seen && seen != job.Version) return Refusal.Changed;
        var next = job with
        {
            Priority = edit.Priority ?? job.Priority,
            RankAt = job.RankAt + ((edit.Priority ?? job.Priority) - job.Priority) * Rank.PriorityStepMs,
            Queue = edit.Queue ?? job.Queue,
            MaxAttempts = edit.MaxAttempts ?? job.MaxAttempts,
            Tags = edit.Tags ?? job.Tags,
            PayloadVersion = job.PayloadVersion + (edit.Payload is null ? 0 : 1),
            PayloadBytes = edit.Payload?.Length ?? job.PayloadBytes,
            ExpiresAt = edit.ExpiresInMs is { } ms ? ms == 0 ? null : JobRules.At(job, e.Now) + ms : job.ExpiresAt,
            RunAt = edit.RunAt is not { } at ? job.RunAt : at == 0 ? null : edit.IsDelay ? JobRules.At(job, e.Now) + (at - e.Now) : at,
            IsDelay = edit.RunAt is null ? job.IsDelay : edit.IsDelay,
            Signature = edit.Payload is null && edit.Queue is null ? job.Signature : null, // it was over these
        };
        var isOther = edit.Payload is not null || edit.Queue is not null; // than what somebody has said yes to
        if ((edit.Approval ?? (isOther ? job.Approval : null)) is { } approval) next = DecisionRules.Ask(next, approval, e.Now);
        next = Settle(next, e.Now);
        return new Step(next, Refusal.None, JobNote.OfPerson(next, e, JobNotes.Edited, edit.Names));
    }

    /// <summary>The state of a job that nobody works on: held while anything holds it, scheduled until its time, then queued.</summary>
    public static Job Settle(Job job, long now) => job with
    {
        State = job.Holds.Count > 0 ? JobState.Held : job.RunAt > now ? JobState.Scheduled : JobState.Queued,
    };
}
