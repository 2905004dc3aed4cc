namespace OpenClaw.Crash.Tests.Checking;

/// <summary>Rule 9: the file is whole, and it holds what the API shows.</summary>
internal static class FileRule
{
    public static IEnumerable<Violation> Check(FinalState final)
    {
        foreach (var damage in final.Damage) yield return new Violation(9, damage);
        var shown = final.Api.ToDictionary(r => r.Id);
        foreach (var row in final.File)
        {
            if (!shown.Remove(row.Id, out var api)) yield return new Violation(9, $"job {row.Id} is in the file and not in the API");
            else if (api != row) yield return new Violation(9, $"the file says {row}, the API says {api}");
        }
        foreach (var id in shown.Keys) yield return new Violation(9, $"job {id} is in the API and not in the file");
    }
}
