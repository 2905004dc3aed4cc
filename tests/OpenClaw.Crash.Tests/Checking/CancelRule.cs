using OpenClaw.Crash.Tests.History;

namespace OpenClaw.Crash.Tests.Checking;

/// <summary>
/// Rule 13: a job that waited when it was cancelled is handed out no more, and one that ran begins no further attempt; the round ends
/// cancelled, or done where it ran. Nobody is cancelled whom nobody cancelled.
/// </summary>
internal static class CancelRule
{
    public static IEnumerable<Violation> Check(IEnumerable<JobHistory> jobs, double lease) =>
        jobs.SelectMany(job => CheckCancels(job, lease).Concat(CheckRecorded(job)).Select(what => new Violation(13, $"job {job.Id}: {what}")));

    private static IEnumerable<string> CheckCancels(JobHistory job, double lease)
    {
        foreach (var cancel in job.Acknowledged(Operation.Cancel).Where(c => c.Answered is "cancelled" or "running"))
        {
            var waited = cancel.Answered == "cancelled";
            var round = job.RoundAt(cancel.Invoked); // it was sent in this one or a later one
            if (job.Row.Round <= round && !(job.Row.State == "cancelled" || job.Row.State == "done" && !waited))
            {
                yield return $"it was {cancel.Answered} when somebody cancelled it at {cancel.Ended:f0} ms, and it ended {job.Row.State}";
            }
            foreach (var claim in job.Claims.Where(c => c.Round <= round && c.Ended > cancel.Ended))
            {
                // A claim that was under way when the job waited must have lost its lease first.
                if (waited ? cancel.Ended - claim.Invoked < lease : FirstSent(job, claim) > cancel.Ended)
                {
                    yield return $"attempt {claim.Attempt} of round {claim.Round} was handed out at {claim.Ended:f0} ms, "
                        + $"after it had been cancelled at {cancel.Ended:f0} ms while it was {(waited ? "waiting" : "running")}";
                }
            }
        }
    }

    /// <summary>The same claim id is the same claim, also where its first answer was lost.</summary>
    private static double FirstSent(JobHistory job, Call claim) => claim.Key is null ? claim.Invoked
        : job.Claims.Where(c => c.Key == claim.Key && c.Attempt == claim.Attempt).Min(c => c.Invoked);

    private static IEnumerable<string> CheckRecorded(JobHistory job)
    {
        if (job.Row.State != "cancelled" || LinkRule.IsThroughParent(job.Row)) yield break;
        if (!job.Maybe(Operation.Cancel).Any(c => job.Row.Error == $"cancelled: {c.Sent}")) yield return $"it is '{job.Row.Error}', which nobody sent";
    }
}
