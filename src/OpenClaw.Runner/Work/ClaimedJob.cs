using OpenClaw.Contracts;

namespace OpenClaw.Runner.Work;

/// <summary>A job that this runner has claimed. The broker's answer was checked: the rest of the runner may rely on it.</summary>
internal sealed record ClaimedJob(string Id, int Attempt, string Command, string Payload)
{
    /// <summary>Seconds. Heartbeats also bring the news that a job is to be cancelled, so they are not too rare with any lease.</summary>
    private const double ShortestPeriod = 0.1, LongestPeriod = 60;

    /// <summary>Null from the Python broker.</summary>
    public string? LeaseToken { get; private init; }

    /// <summary>How often the lease wants a heartbeat; null where there is none to keep.</summary>
    public TimeSpan? HeartbeatPeriod { get; private init; }

    /// <summary>The broker's words, for what a signature covers.</summary>
    public required JobView View { get; init; }

    public Signature? Signature => View.Signature;

    /// <summary>How long the attempt may take; null where the job does not say.</summary>
    public TimeSpan? Timeout => View.TimeoutSeconds is > 0 and < 1e8 and var seconds ? TimeSpan.FromSeconds(seconds) : null;

    /// <summary>Null where the answer can't be a broker's: no command, no id of a broker's, a lease token that no header can carry.</summary>
    public static ClaimedJob? Read(JobView job)
    {
        if (!Identifiers.IsJobId(job.Id) || string.IsNullOrEmpty(job.Command) || !Identifiers.IsLeaseToken(job.LeaseToken)) return null;
        return new ClaimedJob(job.Id, job.Attempt, job.Command, job.Payload ?? "")
        {
            View = job,
            LeaseToken = job.LeaseToken,
            HeartbeatPeriod = job is { LeaseToken: not null, LeaseSeconds: > 0 and var lease }
                ? TimeSpan.FromSeconds(Math.Clamp(lease / 3, ShortestPeriod, LongestPeriod))
                : null,
        };
    }
}
