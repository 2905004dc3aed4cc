using OpenClaw.Crash.Tests.History;

namespace OpenClaw.Crash.Tests.Checking;

/// <summary>Rules 3, 4, 5 and 10: a job's one outcome is what the newest attempt's worker sent.</summary>
internal static class OutcomeRules
{
    /// <summary>The only outcome that no worker sends.</summary>
    private const string TooManyLostLeases = "lease lost 5 times";

    public static IEnumerable<Violation> Check(IReadOnlyList<Call> calls, FinalState final)
    {
        var perJob = calls.Where(c => c.Job is not null).ToLookup(c => c.Job!);
        foreach (var row in final.File)
        {
            var own = perJob[row.Id].ToList();
            foreach (var violation in CheckRecorded(row,
                own).Concat(CheckAnswers(row, own)).Concat(CheckStale(own)).Concat(CheckKept(row, own)).Concat(CheckWhole(row))) yield return violation;
        }
    }

    /// <summary>What is recorded was sent, under the attempt that is recorded.</summary>
    private static IEnumerable<Violation> CheckRecorded(FinalRow row, List<Call> own)
    {
        var (operation, text) = row.State == "done" ? (Operation.Result, row.Result) : (Operation.Fail, row.Error);
        if (row.State is not ("done" or "failed")) yield break;
        if (row is { State: "failed", Error: TooManyLostLeases, LostLeases: >= 5 }) yield break;
        if (!own.Any(c => c.Operation == operation && c.MayHaveHappened && c.Sent == text && MayEnd(c, row)))
        {
            yield return new Violation(3, $"job {row.Id} is {row.State} by attempt {row.Attempt} with '{text}', which no worker of that attempt sent");
        }
    }

    /// <summary>The newest attempt ends a job; without tokens the result of whoever held it before is welcome, too.</summary>
    private static bool MayEnd(Call call, FinalRow row) =>
        call.Attempt == row.Attempt || call is { Operation: Operation.Result, Key: null } && call.Attempt < row.Attempt;

    /// <summary>What was answered as an outcome, or read as one, is the outcome for ever.</summary>
    private static IEnumerable<Violation> CheckAnswers(FinalRow row, List<Call> own)
    {
        foreach (var call in own.Where(c => c.IsOk))
        {
            var told = call.Operation switch
            {
                Operation.Result or Operation.Fail or Operation.Read => call.Answered,
                _ => null,
            };
            if (told is "done" or "failed" or "cancelled" && told != row.State)
            {
                yield return new Violation(4, $"job {row.Id} was told to be {told} by a {call.Operation} at {call.Ended:f0} ms and ended {row.State}");
            }
        }
    }

    /// <summary>What was accepted came from the attempt that was the newest when it was sent.</summary>
    private static IEnumerable<Violation> CheckStale(List<Call> own)
    {
        var claims = own.Where(c => c is { Operation: Operation.Claim, IsOk: true }).ToList();
        foreach (var write in own.Where(c => c.IsOk && IsAccepted(c)))
        {
            if (claims.FirstOrDefault(c => c.Attempt > write.Attempt && c.Ended < write.Invoked) is { } newer)
            {
                yield return new Violation(5,
                    $"job {write.Job}: the {write.Operation} of attempt {write.Attempt} was accepted after attempt {newer.Attempt} had begun");
            }
        }
    }

    /// <summary>What was accepted from the holder of a token is what is recorded, from that attempt.</summary>
    private static IEnumerable<Violation> CheckKept(FinalRow row, List<Call> own)
    {
        foreach (var write in own.Where(c => c.IsOk && IsAccepted(c) && c.Operation is Operation.Result or Operation.Fail))
        {
            var recorded = write.Operation == Operation.Result ? row.Result : row.Error;
            if (row.Attempt != write.Attempt || recorded != write.Sent)
            {
                yield return new Violation(3,
                    $"job {row.Id}: the {write.Operation} of attempt {write.Attempt} was accepted, but attempt {row.Attempt} with '{recorded}' is recorded");
            }
        }
    }

    /// <summary>An ended job has what its end needs, and nothing of another end.</summary>
    private static IEnumerable<Violation> CheckWhole(FinalRow row)
    {
        var whole = row.State switch
        {
            "done" => row is { Result: not null, Error: null },
            "failed" or "cancelled" => row is { Result: null, Error: not null },
            _ => true,
        };
        if (!whole || row.Payload is null) yield return new Violation(10, $"job {row.Id} is {row.State} by halves: {row}");
    }

    /// <summary>
    /// Whether a call with a lease token was accepted. Without one, the repeat of an outcome is answered as the first was,
    /// whoever sends it, so there only the record tells (rule 3).
    /// </summary>
    private static bool IsAccepted(Call call) =>
        call.Key is not null && (call.Operation, call.Answered) is (Operation.Result, "done") or (Operation.Fail, "failed") or (Operation.Release, "queued");
}
