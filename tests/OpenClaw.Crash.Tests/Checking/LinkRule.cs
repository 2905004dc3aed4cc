using OpenClaw.Crash.Tests.History;

namespace OpenClaw.Crash.Tests.Checking;

/// <summary>
/// Rule 15: a job is not handed out before all that it depends on has ended, and then only as its policies say. Of a child that began
/// anew by hand nothing is asked: it waits for nobody.
/// </summary>
internal static class LinkRule
{
    private const string Failed = "parent ", Cancelled = "cancelled: parent ";

    /// <summary>Whether the job says that a parent ended it.</summary>
    public static bool IsThroughParent(FinalRow row) =>
        row.Error is { } error && (error.StartsWith(Failed, StringComparison.Ordinal) || error.StartsWith(Cancelled, StringComparison.Ordinal));

    public static IEnumerable<Violation> Check(IReadOnlyDictionary<string, JobHistory> jobs)
    {
        var ends = new Dictionary<string, double>();
        foreach (var child in jobs.Values)
        {
            var parents = child.Terms.Parents.Where(p => jobs.ContainsKey(p.Job)).Select(p => (Parent: jobs[p.Job], p.IfFailed)).ToList();
            foreach (var what in CheckClaims(child, parents, parent => EarliestEnd(jobs, parent, ends)).Concat(CheckEnd(child, parents)))
            {
                yield return new Violation(15, $"job {child.Id}: {what}");
            }
        }
    }

    private static IEnumerable<string> CheckClaims(JobHistory child, List<(JobHistory Parent, string IfFailed)> parents, Func<JobHistory, double> earliestEnd)
    {
        if (child.Claims.Where(c => c.Round == 1).MinBy(c => c.Ended) is not { } first) yield break;
        foreach (var (parent, policy) in parents)
        {
            if (first.Ended < earliestEnd(parent))
            {
                yield return $"it was handed out at {first.Ended:f0} ms, before anybody had ended {parent.Id}, which it depends on";
            }
            if (parent.Row.State == "done" || policy == "run") continue;
            if (policy != "hold" || !child.Maybe(Operation.Unhold).Any(c => c.Invoked < first.Ended))
            {
                yield return $"it was handed out, though {parent.Id} is {parent.Row.State} and the policy is {policy}";
            }
        }
    }

    private static IEnumerable<string> CheckEnd(JobHistory child, List<(JobHistory Parent, string IfFailed)> parents)
    {
        if (!IsThroughParent(child.Row)) yield break;
        var isSo = parents.Any(p => MayHaveFailed(p.Parent) && child.Row.Error == (p.IfFailed switch
        {
            "fail" => $"{Failed}{p.Parent.Id} failed",
            "cancel" => $"{Cancelled}{p.Parent.Id} failed",
            _ => null,
        }));
        if (!isSo) yield return $"it is {child.Row.State} with '{child.Row.Error}', which no parent and policy of it explain";
    }

    private static bool MayHaveFailed(JobHistory parent) => parent.Row.State != "done" || parent.Row.Round > 1;

    /// <summary>A job may also end through one of its parents.</summary>
    private static double EarliestEnd(IReadOnlyDictionary<string, JobHistory> jobs, JobHistory job, Dictionary<string, double> known)
    {
        if (known.TryGetValue(job.Id, out var end)) return end;
        end = job.EarliestEnd(1, 0);
        foreach (var (parent, policy) in job.Terms.Parents)
        {
            if (policy is "fail" or "cancel" && jobs.TryGetValue(parent, out var other)) end = Math.Min(end, EarliestEnd(jobs, other, known));
        }
        return known[job.Id] = end;
    }
}
