namespace OpenClaw.Broker.Jobs;

/// <summary>All that happened to a job: what was noted, and what its row tells of its creation, its newest claim and its end.</summary>
internal static class JobHistory
{
    public static IEnumerable<JobNote> Of(Job job, IReadOnlyList<JobNote> notes) => Gather(job, notes).OrderBy(static n => n.At);

    private static IEnumerable<JobNote> Gather(Job job, IReadOnlyList<JobNote> notes)
    {
        yield return new JobNote(job.CreatedAt, JobNotes.Created, FirstState(job, notes), 1, 0, job.MadeBy ?? "bot", null, null, null, null);
        foreach (var note in notes)
        {
            if (Claim(note) is { } claim) yield return claim;
            yield return note.Event is JobNotes.Failed or JobNotes.Released && note.Kind != ErrorKinds.Timeout ? note with { Actor = note.WorkerId } : note;
        }
        if (job.IsFinal)
        {
            var end = JobNote.OfEnd(job);
            if (!IsNoted(job, notes) && Claim(end) is { } claim) yield return claim;
            yield return end with { Kind = null, Detail = end.Detail ?? job.Outcome!.Value.Name() };
        }
        else if (job.State == JobState.Running)
        {
            yield return new JobNote(job.StartedAt!.Value, JobNotes.Claimed, JobState.Running, job.Round, job.Attempt, job.WorkerId, null, null, null, null);
        }
    }

    /// <summary>Whether the end of the newest attempt was noted, and with it its claim.</summary>
    private static bool IsNoted(Job job, IReadOnlyList<JobNote> notes) =>
        notes.Any(n => n.StartedAt is not null && n.Round == job.Round && n.Attempt == job.Attempt);

    private static JobNote? Claim(JobNote ended) => ended.StartedAt is { } at
        ? new JobNote(at, JobNotes.Claimed, JobState.Running, ended.Round, ended.Attempt, ended.WorkerId, null, null, null, null)
        : null;

    /// <summary>The state in which it was made follows from its row alone where nothing was noted; else it is told as queued.</summary>
    private static JobState FirstState(Job job, IReadOnlyList<JobNote> notes) =>
        notes.Count == 0 && job is { IsWaiting: true, Attempt: 0 } ? job.State : JobState.Queued;
}
