using System.Globalization;

namespace OpenClaw.Broker.Jobs;

/// <summary>What decisions make of a job that waits for one.</summary>
internal static class DecisionRules
{
    public static Step Next(Job job, Decision e)
    {
        if (!job.IsWaiting || HoldOf(job) is null) return Refusal.AlreadyDecided;
        if (e.PayloadVersion != job.PayloadVersion || e.Queue != job.Queue) return Refusal.DigestChanged;
        var next = e.IsYes
            ? PersonRules.Settle(job with
            {
                Approval = job.Approval! with { Given = new Approved(e.Actor, e.Now, e.Digest) },
                Holds = [.. job.Holds.Where(static h => h.Kind != HoldKinds.Approval)],
            }, e.Now)
            : Deny(job, e.Now, $"denied by {e.Actor}{(e.Comment is null ? "" : $": {e.Comment}")}");
        return new Step(next, Refusal.None, JobNote.OfPerson(next, e, e.IsYes ? JobNotes.Approved : JobNotes.Denied, e.Comment));
    }

    /// <summary>When silence is a no, in milliseconds since 1970; null where nobody is asked.</summary>
    public static long? Deadline(Job job) => HoldOf(job) is { } hold ? hold.Since + job.Approval!.TimeoutMs : null;

    public static Step TimeOut(Job job, long now) =>
        Deny(job, now, string.Create(CultureInfo.InvariantCulture, $"denied: nobody approved it within {job.Approval!.TimeoutMs / 1000} s"));

    /// <summary>A job that needs a yes, held until it has one: whatever was said of it before was said of something else.</summary>
    public static Job Ask(Job job, Approval approval, long now) => job with
    {
        Approval = approval with { Given = null },
        Holds = [.. job.Holds.Where(static h => h.Kind != HoldKinds.Approval), new Hold(HoldKinds.Approval, now, approval.Note, null)],
    };

    private static Hold? HoldOf(Job job) => job.Holds.FirstOrDefault(static h => h.Kind == HoldKinds.Approval);

    private static Job Deny(Job job, long now, string why) => JobRules.End(job, JobState.Failed, Outcome.Denied, now, why);
}
