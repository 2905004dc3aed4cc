using OpenClaw.Crash.Tests.History;

namespace OpenClaw.Crash.Tests.Checking;

/// <summary>Rule 16: nothing is handed out between an acknowledged hold and the next unhold that anybody sends.</summary>
internal static class HoldRule
{
    public static IEnumerable<Violation> Check(IEnumerable<JobHistory> jobs, double lease)
    {
        foreach (var job in jobs)
        {
            foreach (var hold in job.Acknowledged(Operation.Hold))
            {
                var until = job.Maybe(Operation.Unhold).Where(c => c.Settled > hold.Invoked).Select(c => c.Invoked)
                    .DefaultIfEmpty(double.PositiveInfinity).Min();
                foreach (var claim in job.Claims.Where(c => c.Round == hold.Round && c.Ended > hold.Ended && c.Ended < until))
                {
                    // A claim that was under way when the job waited must have lost its lease first.
                    if (hold.Ended - claim.Invoked >= lease) continue;
                    yield return new Violation(16,
                        $"job {job.Id}: attempt {claim.Attempt} was handed out at {claim.Ended:f0} ms, while it was held since {hold.Ended:f0} ms");
                }
            }
        }
    }
}
