using OpenClaw.Crash.Tests.History;

namespace OpenClaw.Crash.Tests.Checking;

/// <summary>
/// Rule 11: a failure counts once and its error is kept; after one that may be tried again and has attempts left the job is claimed again,
/// after the last one, and after one for good, it is not.
/// </summary>
internal static class AttemptRule
{
    public static IEnumerable<Violation> Check(IEnumerable<JobHistory> jobs) => jobs.SelectMany(static job =>
        job.Calls.Where(c => c.IsFailure && c.MayHaveHappened).GroupBy(c => c.Round).SelectMany(round => CheckRound(job, round.Key, [.. round]))
            .Concat(CheckCount(job)).Concat(CheckErrors(job)).Select(what => new Violation(11, $"job {job.Id}: {what}")));

    private static IEnumerable<string> CheckRound(JobHistory job, int round, List<Call> failures)
    {
        var queued = failures.Where(c => c is { IsOk: true, Answered: "queued" }).ToList();
        var counted = queued.Select(c => c.Attempt).Distinct().Count();
        if (counted >= job.Terms.MaxAttempts) yield return $"{counted} failures of round {round} left it attempts, and it had {job.Terms.MaxAttempts}";
        foreach (var failure in queued)
        {
            if (failure.Operation == Operation.FailForGood) yield return $"it is queued after attempt {failure.Attempt} of round {round} failed for good";
            if (job.Row.State == "failed" && job.Row.Round == round && job.Row.Attempt <= failure.Attempt && job.Row.Error != FinalRow.TooManyLostLeases)
            {
                yield return $"the failure of attempt {failure.Attempt} left it attempts, and it ended without another";
            }
        }
        foreach (var last in failures.Where(c => c is { IsAccepted: true, Answered: "failed" }))
        {
            if (job.Claims.FirstOrDefault(c => c.Round == round && c.Attempt > last.Attempt) is { } claim)
            {
                yield return $"attempt {claim.Attempt} of round {round} was handed out after attempt {last.Attempt} had failed for good";
            }
        }
    }

    /// <summary>As many failures are counted as workers reported in the newest round.</summary>
    private static IEnumerable<string> CheckCount(JobHistory job)
    {
        var sent = job.Calls.Where(c => c.IsFailure && c.MayHaveHappened && c.Round == job.Row.Round).ToList();
        var counted = sent.Where(c => c.IsOk && (c.Answered == "queued" || c.IsAccepted && job.Row.State == "failed" && job.Row.Error == c.Sent));
        var (least, most) = (counted.Select(c => c.Attempt).Distinct().Count(), sent.Select(c => c.Attempt).Distinct().Count());
        if (job.Row.Failures < least || job.Row.Failures > most) yield return $"{job.Row.Failures} failures are counted of at least {least} and at most {most}";
        if (job.Row.Failures > job.Terms.MaxAttempts) yield return $"{job.Row.Failures} failures are counted of {job.Terms.MaxAttempts} attempts";
    }

    /// <summary>What a worker said of a failed attempt is told for ever, once; a job that was cancelled says so instead of its last error.</summary>
    private static IEnumerable<string> CheckErrors(JobHistory job)
    {
        var told = job.Row.ReadErrors().Where(e => e.Kind == "failed").ToList();
        var mayBeCancelled = job.Maybe(Operation.Cancel).Any();
        foreach (var failure in job.Calls.Where(c => c.IsFailure && c.IsOk))
        {
            if (failure.Answered != "queued" && (mayBeCancelled || !failure.IsAccepted || job.HasLostTooMany(failure.Round))) continue;
            if (!told.Any(e => IsOf(e, failure))) yield return $"the error of attempt {failure.Attempt} of round {failure.Round} is lost: '{failure.Sent}'";
        }
        foreach (var error in told.Where(e => !job.Calls.Any(c => c.IsFailure && c.MayHaveHappened && IsOf(e, c)))) yield return $"no worker sent '{error}'";
        foreach (var twice in told.GroupBy(e => (e.Round, e.Attempt)).Where(g => g.Count() > 1)) yield return $"attempt {twice.Key} has {twice.Count()} errors";
    }

    private static bool IsOf(AttemptError error, Call failure) => (error.Round, error.Attempt, error.Text) == (failure.Round, failure.Attempt, failure.Sent);
}
