namespace OpenClaw.Crash.Tests.History;

/// <summary>An invocation and its end, joined.</summary>
/// <param name="Ended">When its end was seen; a call whose end nobody saw never ended.</param>
public sealed record Call(Operation Operation, string Process, double Invoked, double Ended, Phase Outcome)
{
    public string? Job { get; init; }
    public int Attempt { get; init; }
    public string? Key { get; init; }

    /// <summary>What was sent.</summary>
    public string? Sent { get; init; }

    /// <summary>What was answered.</summary>
    public string? Answered { get; init; }

    public bool IsOk => Outcome == Phase.Ok;

    /// <summary>Whether it may have had its effect.</summary>
    public bool MayHaveHappened => Outcome is Phase.Ok or Phase.Unknown;

    public static IReadOnlyList<Call> Join(IEnumerable<Event> events)
    {
        var open = new Dictionary<long, Event>();
        var calls = new List<Call>();
        foreach (var e in events)
        {
            if (e.Operation is Operation.Kill or Operation.Start) continue;
            if (e.Phase == Phase.Invoke) open.Add(e.Call, e);
            else if (open.Remove(e.Call, out var invoke)) calls.Add(Of(invoke, e));
            else throw new ArgumentException($"a call ends that was not invoked: {e}");
        }
        calls.AddRange(open.Values.Select(invoke => Of(invoke, null)));
        return calls;
    }

    private static Call Of(Event invoke, Event? end) =>
        new(invoke.Operation, invoke.Process, invoke.At, end?.At ?? double.PositiveInfinity, end?.Phase ?? Phase.Unknown)
        {
            Job = end?.Job ?? invoke.Job,
            Attempt = end is { Attempt: > 0 } ? end.Attempt : invoke.Attempt,
            Key = invoke.Key,
            Sent = invoke.Value,
            Answered = end?.Value,
        };
}
