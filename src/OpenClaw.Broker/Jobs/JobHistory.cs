namespace OpenClaw.Broker.Jobs;

/// <summary>All that happened to a job: what was noted, and what its row tells of its creation, its newest claim and its end.</summary>
internal static class JobHistory
{
    public static IEnumerable<JobNote> Of(Job job, IReadOnlyList<JobNote> notes) => Gather(job, notes).OrderBy(static n => n.At);

    private static IEnumerable<JobNote> Gather(Job job, IReadOnlyList<JobNote> notes)
    {
        yield return new JobNote(job.CreatedAt, JobNotes.Created, FirstState(job, notes), 1, 0, job.MadeBy ?? "bot", null, null, null, null);
        var claims = new HashSet<(int Round, int Attempt)>();
        foreach (var note in notes)
        {
            if (note.StartedAt is { } began && claims.Add((note.Round, note.Attempt))) yield return Claim(note, began, note.WorkerId);
            yield return note.Event is JobNotes.Failed or JobNotes.Released && note.Kind != ErrorKinds.Timeout ? note with { Actor = note.WorkerId } : note;
        }
        if (!job.IsFinal && job.State != JobState.Running) yield break;
        var last = job.IsFinal ? JobNote.OfEnd(job) : new JobNote(0, "", job.State, job.Round, job.Attempt, null, null, null, job.StartedAt, null);
        if (last.StartedAt is { } start && claims.Add((last.Round, last.Attempt))) yield return Claim(last, start, job.WorkerId);
        if (job.IsFinal) yield return last with { Kind = null, Detail = last.Detail ?? job.Outcome!.Value.Name() };
    }

    private static JobNote Claim(JobNote attempt, long at, string? worker) =>
        new(at, JobNotes.Claimed, JobState.Running, attempt.Round, attempt.Attempt, worker, null, null, null, null);

    /// <summary>The state in which it was made follows from its row alone where nothing was noted; else it is told as queued.</summary>
    private static JobState FirstState(Job job, IReadOnlyList<JobNote> notes) =>
        notes.Count == 0 && job is { IsWaiting: true, Attempt: 0 } ? job.State : JobState.Queued;
}
