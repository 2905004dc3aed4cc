using OpenClaw.Crash.Tests.History;

namespace OpenClaw.Crash.Tests.Checking;

/// <summary>Rules 1, 2 and 8: what was made is there, once, and nothing else is.</summary>
internal static class CreationRules
{
    public static IEnumerable<Violation> Check(IReadOnlyList<Call> calls, FinalState final)
    {
        var rows = final.File.ToDictionary(r => r.Id);
        var creates = calls.Where(c => c.Operation == Operation.Create).ToList();
        foreach (var create in creates.Where(c => c.IsOk))
        {
            if (!rows.TryGetValue(create.Job!, out var row)) yield return new Violation(1, $"job {create.Job} was acknowledged and is gone");
            else if (create.IsMaking && row.Payload != create.Sent)
            {
                yield return new Violation(3, $"job {create.Job} was made with '{create.Sent}' and holds '{row.Payload}'");
            }
        }
        foreach (var row in final.File.Where(r => r.State is not ("done" or "failed" or "cancelled")))
        {
            yield return new Violation(1, $"job {row.Id} is {row.State} after the drain");
        }

        var invoked = creates.Select(c => c.Sent).ToHashSet();
        foreach (var row in final.File.Where(r =>
            !invoked.Contains(r.Payload))) yield return new Violation(2, $"job {row.Id} with '{row.Payload}' was made by nobody");

        // Each payload is one intention; only one with a key is sent again.
        foreach (var twins in final.File.GroupBy(r => r.Payload).Where(g => g.Count() > 1))
        {
            yield return new Violation(8, $"'{twins.Key}' became {twins.Count()} jobs: {string.Join(", ", twins.Select(r => r.Id))}");
        }
        foreach (var key in creates.Where(c => c.IsOk && c.Key is not null).GroupBy(c => c.Key).Where(g => g.Select(c => c.Job).Distinct().Count() > 1))
        {
            yield return new Violation(8, $"the key {key.Key} was answered with {string.Join(", ", key.Select(c => c.Job).Distinct())}");
        }
    }
}
