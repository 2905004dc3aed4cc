using OpenClaw.Broker.Access;
using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Approvals;

/// <summary>Who may say yes to a job.</summary>
internal sealed class Approvers(Tokens tokens, BrokerOptions options)
{
    /// <summary>Whether the caller is among those whom the job asks.</summary>
    public static bool IsAsked(Caller caller, Approval approval) =>
        approval.By is null || approval.By.Any(name => name == caller.Person || name == caller.Token.Name);

    /// <summary>Whether it is the caller's own job, and he may not say yes to that.</summary>
    public bool IsRefusedOwn(Caller caller, Job job) => IsOwn(caller, job) && options.ApproveOwn switch
    {
        ApproveOwn.Always => false,
        ApproveOwn.Never => true,
        _ => tokens.All.Any(other => other.Token.Role == Role.Approver && tokens.IsAlive(other) && !IsSame(caller, other.Token)
            && (job.Approval?.By is not { } by || by.Any(name => name == other.Token.Person || name == other.Token.Name))),
    };

    private static bool IsOwn(Caller caller, Job job) =>
        job.MadeBy == caller.MadeBy() && (!caller.Acts || job.Requester == caller.Person) || caller.Person is { } person && job.Requester == person;

    private static bool IsSame(Caller caller, Token other) =>
        other.Name == caller.Token.Name && !caller.Acts || caller.Person is { } person && other.Person == person;
}
