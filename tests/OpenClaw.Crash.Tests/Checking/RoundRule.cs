using OpenClaw.Crash.Tests.History;

namespace OpenClaw.Crash.Tests.Checking;

/// <summary>Rule 12: each retry by hand is a round of its own, in which nothing of an earlier one is handed out or accepted.</summary>
internal static class RoundRule
{
    public static IEnumerable<Violation> Check(IEnumerable<JobHistory> jobs) =>
        jobs.SelectMany(static job => CheckRounds(job).Concat(CheckEarlier(job)).Select(what => new Violation(12, $"job {job.Id}: {what}")));

    private static IEnumerable<string> CheckRounds(JobHistory job)
    {
        var retries = job.Acknowledged(Operation.Retry).OrderBy(c => c.Round).ToList();
        var (least, most) = (1 + retries.Count, 1 + job.Maybe(Operation.Retry).Count());
        if (job.Row.Round < least || job.Row.Round > most) yield return $"it is in round {job.Row.Round} of at least {least} and at most {most}";
        foreach (var (before, next) in retries.Zip(retries.Skip(1)))
        {
            if (before.Round == next.Round) yield return $"two retries began round {next.Round}";
            else if (next.Ended < before.Invoked) yield return $"round {next.Round} began before round {before.Round}";
        }
        foreach (var call in job.Calls.Where(c => c.IsOk && c.Round > job.Row.Round))
        {
            yield return $"a {call.Operation} speaks of round {call.Round}, and {job.Row.Round} is recorded";
        }
    }

    private static IEnumerable<string> CheckEarlier(JobHistory job)
    {
        foreach (var retry in job.Acknowledged(Operation.Retry))
        {
            foreach (var call in job.Calls.Where(c => c.IsOk && c.Round < retry.Round && c.Invoked > retry.Ended))
            {
                if (call.Operation == Operation.Claim) yield return $"round {call.Round} was handed out after round {retry.Round} had begun";
                if (call.IsAccepted) yield return $"the {call.Operation} of round {call.Round} was accepted after round {retry.Round} had begun";
            }
        }
    }
}
