namespace OpenClaw.Broker.Jobs;

/// <summary>Which jobs need a person's yes. A rule of the configuration holds whatever a job's maker says.</summary>
internal sealed class ApprovalRules(BrokerOptions options)
{
    public bool HasAny => options.Approvals.Count > 0;

    /// <param name="wanted">What the job's maker wants.</param>
    public Approval? For(string command, string queue, string? requester, Approval? wanted)
    {
        if (options.Approvals.FirstOrDefault(r => r.Fits(command, queue, requester)) is not { } rule) return wanted;
        var timeout = rule.TimeoutSeconds is { } seconds ? (long)(seconds * 1000) : wanted?.TimeoutMs ?? Approval.DefaultTimeoutMs;
        return new Approval(rule.By ?? wanted?.By, timeout, rule.Note ?? wanted?.Note);
    }
}
