using System.Text.Json.Serialization;

namespace OpenClaw.Contracts;

/// <summary>The answer of <c>GET /approvals</c>: the jobs that wait for a person's yes.</summary>
public sealed record ApprovalPage(IReadOnlyList<ApprovalView> Approvals, string? Next = null);

/// <summary>A job that waits for a person's yes, with all that the yes is said to.</summary>
public sealed record ApprovalView
{
    public required string Id { get; init; }
    public required string Command { get; init; }
    public required string Payload { get; init; }
    public string? Queue { get; init; }
    public string? Requires { get; init; }
    public string? Requester { get; init; }

    /// <summary>The token that made it.</summary>
    public string? MadeBy { get; init; }

    public string? Schedule { get; init; }

    /// <summary>What the command's workers have told that it runs.</summary>
    public string? WorkerDefinition { get; init; }

    /// <summary>Of all that; to be sent back with the decision.</summary>
    public required string Digest { get; init; }

    public string? Note { get; init; }

    /// <summary>Who is asked; null for everybody who may.</summary>
    public IReadOnlyList<string>? By { get; init; }

    public long HeldSince { get; init; }

    /// <summary>Unanswered by then, it is denied.</summary>
    public long Until { get; init; }
}

/// <summary>The body of <c>POST /jobs/{id}/approve</c> and <c>/deny</c>.</summary>
/// <param name="Digest">Of what was shown to whoever decides.</param>
public sealed record DecisionBody(string Digest, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Comment = null);

/// <summary>The answer to a decision.</summary>
/// <param name="State">The job's, from <see cref="JobStates"/>.</param>
public sealed record DecidedJob(bool Ok, string State);
