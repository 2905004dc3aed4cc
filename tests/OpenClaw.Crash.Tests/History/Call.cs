namespace OpenClaw.Crash.Tests.History;

/// <summary>An invocation and its end, joined.</summary>
/// <param name="Ended">When its end was seen; a call whose end nobody saw never ended.</param>
/// <param name="Settled">From when on it has no more effect: one without an answer may have it until the broker that got it is dead.</param>
public sealed record Call(Operation Operation, string Process, double Invoked, double Ended, double Settled, Phase Outcome)
{
    /// <summary>The answer to a create whose unique key another job had.</summary>
    public const string Found = "found";

    public string? Job { get; init; }
    public int Attempt { get; init; }
    public int Round { get; init; } = 1;
    public JobTerms Terms { get; init; } = new();
    public string? Key { get; init; }

    /// <summary>What was sent.</summary>
    public string? Sent { get; init; }

    /// <summary>What was answered.</summary>
    public string? Answered { get; init; }

    public bool IsOk => Outcome == Phase.Ok;

    /// <summary>Whether it may have had its effect.</summary>
    public bool MayHaveHappened => Outcome is Phase.Ok or Phase.Unknown;

    public bool IsFailure => Operation is Operation.Fail or Operation.FailForGood;

    /// <summary>Whether it made a job, and did not find the one that had its unique key.</summary>
    public bool IsMaking => Operation == Operation.Create && IsOk && Answered != Found;

    /// <summary>
    /// Whether a call with a lease token was accepted. Without one, the repeat of an outcome is answered as the first was,
    /// whoever sends it, so there only the record tells.
    /// </summary>
    public bool IsAccepted => IsOk && Key is not null && (Operation, Answered) is (Operation.Result, "done") or (Operation.Release, "queued")
        or (Operation.Fail or Operation.FailForGood, "failed" or "queued");

    /// <summary>Whether it speaks for an earlier attempt than another call.</summary>
    public bool IsBefore(Call other) => (Round, Attempt).CompareTo((other.Round, other.Attempt)) < 0;

    public static IReadOnlyList<Call> Join(IReadOnlyList<Event> events)
    {
        var kills = events.Where(e => e.Operation == Operation.Kill).Select(e => e.At).Order().ToList();
        var open = new Dictionary<long, Event>();
        var calls = new List<Call>();
        foreach (var e in events)
        {
            if (e.Operation is Operation.Kill or Operation.Start) continue;
            if (e.Phase == Phase.Invoke) open.Add(e.Call, e);
            else if (open.Remove(e.Call, out var invoke)) calls.Add(Of(invoke, e, kills));
            else throw new ArgumentException($"a call ends that was not invoked: {e}");
        }
        calls.AddRange(open.Values.Select(invoke => Of(invoke, null, kills)));
        return calls;
    }

    private static Call Of(Event invoke, Event? end, List<double> kills)
    {
        var (ended, outcome) = (end?.At ?? double.PositiveInfinity, end?.Phase ?? Phase.Unknown);
        var settled = outcome == Phase.Unknown ? Math.Max(NextKill(invoke.At, kills), end?.At ?? 0) : ended;
        return new Call(invoke.Operation, invoke.Process, invoke.At, ended, settled, outcome)
        {
            Job = end?.Job ?? invoke.Job,
            Attempt = end is { Attempt: > 0 } ? end.Attempt : invoke.Attempt,
            Round = Math.Max(end?.Round ?? 1, invoke.Round),
            Terms = invoke.Terms,
            Key = invoke.Key,
            Sent = invoke.Value,
            Answered = end?.Value,
        };
    }

    private static double NextKill(double after, List<double> kills)
    {
        var index = kills.BinarySearch(after);
        index = index < 0 ? ~index : index;
        return index < kills.Count ? kills[index] : double.PositiveInfinity;
    }
}
