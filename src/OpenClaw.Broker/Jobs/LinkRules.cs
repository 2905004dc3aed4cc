namespace OpenClaw.Broker.Jobs;

/// <summary>What the ends of others make of a job that waits for them.</summary>
internal static class LinkRules
{
    public static Step Next(Job job, LinkEvent e) => !job.IsWaiting ? Refusal.AlreadySo : e switch
    {
        ParentEnded ended => EndParent(job, ended),
        BatchEnded ended => EndBatch(job, ended),
        _ => throw new ArgumentOutOfRangeException(nameof(e), e.GetType().Name, "not an event of a link"),
    };

    /// <summary>The error of a job that ended through a parent.</summary>
    public static string ErrorOf(Guid parent) => $"parent {parent} failed";

    /// <summary>The error of a job that waited for the success of a batch.</summary>
    public static string ErrorOfBatch(Guid batch) => $"batch {batch} has jobs that failed";

    private static Step EndParent(Job job, ParentEnded e)
    {
        if (job.Holds.FirstOrDefault(static h => h.Kind == HoldKinds.Parents) is not { } hold) return Refusal.AlreadySo;
        var policy = job.DependsOn.FirstOrDefault(p => p.Id == e.Parent)?.IfFailed ?? IfFailed.Fail;
        if (!e.IsOk && policy == IfFailed.Fail) return JobRules.End(job, JobState.Failed, Outcome.ParentFailed, e.Now, ErrorOf(e.Parent));
        if (!e.IsOk && policy == IfFailed.Cancel) return Cancel(job, e.Now, ErrorOf(e.Parent));
        var others = job.Holds.Where(h => h != hold);
        IReadOnlyList<Hold> holds = hold.Left > 1 ? [.. others, hold with { Left = hold.Left - 1 }] : [.. others];
        if (!e.IsOk && policy == IfFailed.Hold && holds.All(static h => h.Kind != HoldKinds.Person))
        {
            holds = [.. holds, new Hold(HoldKinds.Person, e.Now, ErrorOf(e.Parent), null)];
        }
        return PersonRules.Settle(job with { Holds = holds }, e.Now);
    }

    private static Step EndBatch(Job job, BatchEnded e)
    {
        if (job.Holds.All(static h => h.Kind != HoldKinds.Batch)) return Refusal.AlreadySo;
        return e.IsReleased
            ? PersonRules.Settle(job with { Holds = [.. job.Holds.Where(static h => h.Kind != HoldKinds.Batch)] }, e.Now)
            : Cancel(job, e.Now, ErrorOfBatch(e.Batch));
    }

    private static Job Cancel(Job job, long now, string why) =>
        JobRules.End(job, JobState.Cancelled, Outcome.Cancelled, now, JobRules.CancelledError(why));
}
