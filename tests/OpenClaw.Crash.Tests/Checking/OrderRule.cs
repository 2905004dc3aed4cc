using OpenClaw.Crash.Tests.History;

namespace OpenClaw.Crash.Tests.Checking;

/// <summary>
/// Rule 7: a claim never gets a job while an older one could have been had all the time. A job counts as older when its
/// create was answered before the other's was sent, and as free until its first claim was sent, unless it waits for others or
/// somebody held it. While any claim without an answer was open, nobody knows what was free, so claims at that time are not judged.
/// </summary>
internal static class OrderRule
{
    public static IEnumerable<Violation> Check(IReadOnlyList<Call> calls)
    {
        // A create that was repeated with its key may have happened when it was sent first.
        var sent = calls.Where(c => c is { Operation: Operation.Create, Key: not null }).GroupBy(c => c.Key!).ToDictionary(g => g.Key, g =>
            g.Min(c => c.Invoked));
        var created = calls.Where(c => c.IsMaking).GroupBy(c => c.Job!)
            .ToDictionary(g => g.Key, g => (Invoked: g.Min(c => c.Key is null ? c.Invoked : sent[c.Key]), Answered: g.Min(c => c.Ended)));
        var first = calls.Where(c => c is { Operation: Operation.Claim, IsOk: true, Attempt: 1, Round: 1 }).GroupBy(c => c.Job!).ToDictionary(g => g.Key, g =>
            g.MinBy(c => c.Invoked)!);
        var blind = calls.Where(c => c is { Operation: Operation.Claim, Outcome: Phase.Unknown }).Select(c =>
            (c.Invoked, Until: c.Settled)).OrderBy(b => b.Invoked).ToList();
        var held = calls.Where(c => c.Operation == Operation.Hold || c is { Operation: Operation.Create, Terms.DependsOn: not null }).Select(c => c.Job)
            .ToHashSet();

        // Walk the claims from the last to the first and keep, of all jobs claimed later, the one that was oldest.
        var claims = first.Where(p => created.ContainsKey(p.Key)).OrderByDescending(p => p.Value.Ended).ToList();
        var later = new PriorityQueue<string, double>(
            first.Where(p => created.ContainsKey(p.Key) && !held.Contains(p.Key)).Select(p => (p.Key, -p.Value.Invoked)));
        (string Job, double Answered)? oldest = null;
        foreach (var (job, claim) in claims)
        {
            while (later.TryPeek(out var next, out var invoked) && -invoked > claim.Ended)
            {
                later.Dequeue();
                if (oldest is null || created[next].Answered < oldest.Value.Answered) oldest = (next, created[next].Answered);
            }
            if (oldest is { } older && older.Answered < created[job].Invoked && !blind.Any(b => b.Invoked < claim.Ended && b.Until > claim.Invoked))
            {
                yield return new Violation(7, $"job {job} was handed to {claim.Process} at {claim.Ended:f0} ms, before {older.Job}, which was older and free");
            }
        }
    }
}
