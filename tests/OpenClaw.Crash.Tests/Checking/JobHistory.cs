using OpenClaw.Crash.Tests.History;

namespace OpenClaw.Crash.Tests.Checking;

/// <summary>The calls on one job, and what is left of it.</summary>
/// <param name="Terms">What was asked for by the create that made it.</param>
internal sealed record JobHistory(string Id, IReadOnlyList<Call> Calls, FinalRow Row, JobTerms Terms)
{
    public IEnumerable<Call> Claims => Calls.Where(c => c is { Operation: Operation.Claim, IsOk: true });

    /// <summary>Those that are there after the drain: that none is missing is rule 1.</summary>
    public static Dictionary<string, JobHistory> Of(IReadOnlyList<Call> calls, FinalState final)
    {
        var terms = calls.Where(c => c.Operation == Operation.Create).GroupBy(c => c.Sent ?? "").ToDictionary(g => g.Key, g => g.First().Terms);
        var perJob = calls.Where(c => c.Job is not null).ToLookup(c => c.Job!);
        return final.File.ToDictionary(r => r.Id, r => new JobHistory(r.Id, [.. perJob[r.Id]], r, terms.GetValueOrDefault(r.Payload ?? "") ?? new JobTerms()));
    }

    /// <summary>What may have happened of a kind.</summary>
    public IEnumerable<Call> Maybe(Operation operation) => Calls.Where(c => c.Operation == operation && c.MayHaveHappened);

    /// <summary>What was answered of a kind.</summary>
    public IEnumerable<Call> Acknowledged(Operation operation) => Calls.Where(c => c.Operation == operation && c.IsOk);

    /// <summary>The round that the job had reached for certain.</summary>
    public int RoundAt(double time) => Calls.Where(c => c.IsOk && c.Ended < time && c.Operation is Operation.Claim or Operation.Retry or Operation.Hold)
        .Select(c => c.Round).DefaultIfEmpty(1).Max();

    /// <summary>When the first of what may have ended a round was sent; as early as can be where nobody need have sent it.</summary>
    /// <param name="begun">When the round had not begun yet.</param>
    public double EarliestEnd(int round, double begun)
    {
        if (HasLostTooMany(round)) return double.NegativeInfinity;
        return Calls.Where(c => c.MayHaveHappened && (c.Operation == Operation.Cancel ? c.Settled > begun
            : (c.Operation == Operation.Result || c.IsFailure) && c.Round == round)).Select(c => c.Invoked).DefaultIfEmpty(double.PositiveInfinity).Min();
    }

    /// <summary>Whether a round ended by its leases alone.</summary>
    public bool HasLostTooMany(int round) => Row.Round == round && Row.Error == FinalRow.TooManyLostLeases
        || Row.ReadErrors().Any(e => e.Round == round && e.Text == FinalRow.TooManyLostLeases);
}
