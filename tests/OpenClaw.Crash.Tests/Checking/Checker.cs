using OpenClaw.Crash.Tests.History;

namespace OpenClaw.Crash.Tests.Checking;

/// <summary>
/// Says whether a history and what it left in the broker keep the broker's promises. A pure function; its rules:
/// 1 nothing acknowledged is lost, and all is ended after the drain; 2 nothing is there that nobody made; 3 what is recorded is
/// what a worker sent under that attempt; 4 an outcome never changes within a round; 5 nothing of a stale attempt is accepted; 6 each further
/// execution has a reason; 7 no claim overtakes an older job; 8 an idempotency key is one job; 9 the file is whole, and tells
/// what the API tells; 10 what had no answer happened or did not, never half; 11 a failure counts once and leaves a further attempt or
/// none, as it was meant; 12 each retry by hand is a round; 13 what is cancelled begins no attempt; 14 a unique key is one unfinished
/// job; 15 no child overtakes its parents; 16 what is held is not handed out.
/// </summary>
public static class Checker
{
    public static IReadOnlyList<Violation> Check(IReadOnlyList<Event> events, FinalState final)
    {
        var calls = Call.Join(events);
        var jobs = JobHistory.Of(calls, final);
        return
        [
            .. CreationRules.Check(calls, final),
            .. OutcomeRules.Check(calls, final),
            .. ExecutionRules.Check(calls, final),
            .. OrderRule.Check(calls),
            .. FileRule.Check(final),
            .. AttemptRule.Check(jobs.Values),
            .. RoundRule.Check(jobs.Values),
            .. CancelRule.Check(jobs.Values, final.LeaseMilliseconds),
            .. UniqueRule.Check(calls, jobs),
            .. LinkRule.Check(jobs),
            .. HoldRule.Check(jobs.Values, final.LeaseMilliseconds),
        ];
    }
}
