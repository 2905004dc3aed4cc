using OpenClaw.Crash.Tests.History;

namespace OpenClaw.Crash.Tests.Checking;

/// <summary>Rules 3, 4, 5 and 10: a job's outcome is what the newest attempt's worker sent.</summary>
internal static class OutcomeRules
{
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
        if (row.State is not ("done" or "failed")) yield break;
        if (row is { State: "failed", Error: FinalRow.TooManyLostLeases, LostLeases: >= 5 } || LinkRule.IsThroughParent(row)) yield break;
        var isDone = row.State == "done";
        var text = isDone ? row.Result : row.Error;
        if (!own.Any(c => (isDone ? c.Operation == Operation.Result : c.IsFailure) && c.MayHaveHappened && c.Sent == text && MayEnd(c, row)))
        {
            yield return new Violation(3, $"job {row.Id} is {row.State} by attempt {row.Attempt} with '{text}', which no worker of that attempt sent");
        }
    }

    /// <summary>The newest attempt ends a job; without tokens the result of whoever held it before in that round is welcome, too.</summary>
    private static bool MayEnd(Call call, FinalRow row) => call.Round == row.Round
        && (call.Attempt == row.Attempt || call is { Operation: Operation.Result, Key: null } && call.Attempt < row.Attempt);

    /// <summary>What was answered as an outcome, or read as one, is the outcome for ever; only what failed or was cancelled may have begun anew.</summary>
    private static IEnumerable<Violation> CheckAnswers(FinalRow row, List<Call> own)
    {
        foreach (var call in own.Where(c => c.IsOk && Outcomes(c).Length > 0))
        {
            var told = Outcomes(call);
            if (told.Contains(row.State)) continue;
            if (!told.Contains("done") && own.Any(r => r is { Operation: Operation.Retry, MayHaveHappened: true } && r.Settled > call.Invoked)) continue;
            yield return new Violation(4, $"job {row.Id} was told to be {call.Answered} by a {call.Operation} at {call.Ended:f0} ms and ended {row.State}");
        }
    }

    /// <summary>The states that an answer says the job has ended in: a worker is told a status, which of a cancelled job is failed.</summary>
    private static string[] Outcomes(Call call) => (call.Operation, call.Answered) switch
    {
        (Operation.Result or Operation.Fail or Operation.FailForGood or Operation.Release, "failed") => ["failed", "cancelled"],
        (Operation.Result or Operation.Fail or Operation.FailForGood or Operation.Release, "done") => ["done"],
        (Operation.Read, "done" or "failed" or "cancelled") => [call.Answered],
        _ => [],
    };

    /// <summary>What was accepted came from the attempt that was the newest when it was sent.</summary>
    private static IEnumerable<Violation> CheckStale(List<Call> own)
    {
        var claims = own.Where(c => c is { Operation: Operation.Claim, IsOk: true }).ToList();
        foreach (var write in own.Where(c => c.IsAccepted))
        {
            if (claims.FirstOrDefault(c => write.IsBefore(c) && c.Ended < write.Invoked) is { } newer)
            {
                yield return new Violation(5,
                    $"job {write.Job}: the {write.Operation} of attempt {write.Attempt} was accepted after attempt {newer.Attempt} had begun");
            }
        }
    }

    /// <summary>
    /// What was accepted from the holder of a token as the end is what is recorded, from that attempt, unless a further round came. Of two
    /// results the first stands, and one without a token may be it.
    /// </summary>
    private static IEnumerable<Violation> CheckKept(FinalRow row, List<Call> own)
    {
        foreach (var write in own.Where(c => c is { IsAccepted: true, Answered: "done" or "failed" }))
        {
            var isResult = write.Operation == Operation.Result;
            if (!isResult && (write.Round < row.Round || row is { State: "cancelled" } or { Error: FinalRow.TooManyLostLeases })) continue;
            var recorded = isResult ? row.Result : row.Error;
            if (isResult && own.Any(c => c is { Operation: Operation.Result, Key: null, MayHaveHappened: true } && c.Sent == recorded && MayEnd(c, row)))
            {
                continue;
            }
            if ((row.Round, row.Attempt) != (write.Round, write.Attempt) || recorded != write.Sent)
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
}
