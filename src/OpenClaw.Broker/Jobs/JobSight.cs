using OpenClaw.Broker.Access;

namespace OpenClaw.Broker.Jobs;

/// <summary>Which jobs a caller sees. What somebody may not see is answered as if it weren't there.</summary>
internal static class JobSight
{
    /// <summary>An agent sees what it made, for the person for whom it spoke; a worker that is bound to an id what it has held.</summary>
    public static bool MaySee(this Caller caller, Job job) => !caller.SeesOwnAlone || (caller.Token.Role == Role.Worker
        ? job.WorkerId is { } worker && caller.Token.MaySpeakFor(worker) || job.EarlierHolders.Any(caller.Token.MaySpeakFor)
        : job.MadeBy == caller.MadeBy() && (!caller.Acts || job.Requester == caller.Person));

    /// <summary>The name under which the caller's jobs stand; null for the shared token.</summary>
    public static string? MadeBy(this Caller caller) => caller.Token.Name == Token.BotName ? null : caller.Token.Name;
}
