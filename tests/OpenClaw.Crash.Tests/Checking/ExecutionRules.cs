using OpenClaw.Crash.Tests.History;

namespace OpenClaw.Crash.Tests.Checking;

/// <summary>Rule 6: an attempt is one worker's, and the next one of its round begins only after a reason.</summary>
internal static class ExecutionRules
{
    public static IEnumerable<Violation> Check(IReadOnlyList<Call> calls, FinalState final)
    {
        var unknownClaims = calls.Count(c => c is { Operation: Operation.Claim, Outcome: Phase.Unknown });
        var unseen = 0;
        var rows = final.File.ToDictionary(r => r.Id);
        foreach (var job in calls.Where(c => c.Job is not null).GroupBy(c => (Id: c.Job!, c.Round)))
        {
            var attempts = job.Where(c => c is { Operation: Operation.Claim, IsOk: true }).GroupBy(c => c.Attempt).ToDictionary(g => g.Key, g => g.ToList());
            foreach (var (attempt, claims) in attempts)
            {
                if (claims.Select(c => (c.Process, c.Key)).Distinct().Count() > 1 || (claims.Count > 1 && claims[0].Key is null))
                {
                    yield return new Violation(6,
                        $"job {Name(job.Key)}: attempt {attempt} was handed out {claims.Count} times: {string.Join(", ", claims.Select(c => c.Process))}");
                }
                if (attempt > 1 && attempts.TryGetValue(attempt - 1, out var before) && !IsExplained(before, claims[0], job, final.LeaseMilliseconds))
                {
                    yield return new Violation(6, $"job {Name(job.Key)}: attempt {attempt} began at {claims[0].Ended:f0} ms while attempt {attempt - 1} "
                        + $"held its lease since {before[^1].Invoked:f0} ms");
                }
            }
            if (!rows.TryGetValue(job.Key.Id, out var row)) continue;
            var newest = attempts.Keys.DefaultIfEmpty().Max();
            if (job.Key.Round == row.Round && newest > row.Attempt)
            {
                yield return new Violation(6, $"job {Name(job.Key)}: attempt {newest} was handed out, and {row.Attempt} is recorded");
            }
            unseen += Enumerable.Range(1, job.Key.Round == row.Round ? row.Attempt : newest).Count(a => !attempts.ContainsKey(a));
        }
        if (unseen > unknownClaims) yield return new Violation(6, $"{unseen} attempts began that nobody saw, and only {unknownClaims} claims had no answer");
    }

    private static string Name((string Id, int Round) job) => job.Round == 1 ? job.Id : $"{job.Id} in round {job.Round}";

    /// <summary>The attempt before was given back or failed, or its lease may have been over.</summary>
    private static bool IsExplained(List<Call> before, Call next, IEnumerable<Call> job, double lease)
    {
        if (job.Any(c => c.Operation is Operation.Release or Operation.Fail && c.MayHaveHappened && c.Attempt == next.Attempt - 1
            && c.Invoked < next.Ended)) return true;
        var renewed = before.Where(c => c.Ended < next.Invoked).Select(c => c.Invoked).DefaultIfEmpty(before[0].Invoked).Max();
        return next.Ended - renewed >= lease;
    }
}
