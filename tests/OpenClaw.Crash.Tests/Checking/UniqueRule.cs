using OpenClaw.Crash.Tests.History;

namespace OpenClaw.Crash.Tests.Checking;

/// <summary>Rule 14: no two jobs with the same unique key were unfinished at the same time for certain, and who finds one finds one of that key.</summary>
internal static class UniqueRule
{
    public static IEnumerable<Violation> Check(IReadOnlyList<Call> calls, IReadOnlyDictionary<string, JobHistory> jobs)
    {
        foreach (var found in calls.Where(c => c is { Operation: Operation.Create, IsOk: true, Answered: Call.Found }))
        {
            if (jobs.TryGetValue(found.Job!, out var job) && job.Terms.UniqueKey != found.Terms.UniqueKey)
            {
                yield return new Violation(14,
                    $"the unique key {found.Terms.UniqueKey} was answered with job {job.Id}, whose key is {job.Terms.UniqueKey ?? "none"}");
            }
        }
        foreach (var key in jobs.Values.Where(j => j.Terms.UniqueKey is not null).SelectMany(Lives).GroupBy(l => l.Key))
        {
            var longest = default(Life);
            foreach (var life in key.OrderBy(l => l.Begun))
            {
                if (longest.Ended > life.Begun && longest.Job != life.Job)
                {
                    yield return new Violation(14, $"the unique key {key.Key} had job {longest.Job} until {longest.Ended:f0} ms, "
                        + $"and job {life.Job} since {life.Begun:f0} ms");
                }
                if (life.Ended > longest.Ended) longest = life;
            }
        }
    }

    /// <summary>The job's rounds, each from its acknowledged beginning to the first call that may have ended it.</summary>
    private static IEnumerable<Life> Lives(JobHistory job)
    {
        foreach (var begin in job.Calls.Where(c => c.IsMaking || c is { Operation: Operation.Retry, IsOk: true }))
        {
            var ended = job.EarliestEnd(begin.Round, begin.Operation == Operation.Create ? 0 : begin.Invoked);
            if (ended > begin.Ended) yield return new Life(job.Terms.UniqueKey!, job.Id, begin.Ended, ended);
        }
    }

    private readonly record struct Life(string Key, string Job, double Begun, double Ended);
}
