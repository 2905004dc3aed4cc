using System.Text.Json.Serialization;

namespace OpenClaw.Contracts;

/// <summary>The body of <c>POST /tokens</c>. What is null is not limited, or not there.</summary>
public sealed record NewToken(string Name, string Role)
{
    /// <summary>Whom it stands for, such as <c>discord:123</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Person { get; init; }

    /// <summary>Whether it may say for whom it speaks.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool ActsFor { get; init; }

    /// <summary>Patterns of the commands it may ask for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Commands { get; init; }

    /// <summary>How many jobs it may create in a minute.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? PerMinute { get; init; }

    /// <summary>How many unfinished jobs it may have.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? MaxQueued { get; init; }

    /// <summary>A pattern of the worker ids it may speak for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? WorkerPattern { get; init; }

    /// <summary>The queues it may claim from.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Queues { get; init; }

    /// <summary>The capabilities it may claim with.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Caps { get; init; }

    /// <summary>Seconds since 1970.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? ExpiresAt { get; init; }
}

/// <summary>A token as the API shows it.</summary>
public sealed record TokenView
{
    public required string Name { get; init; }

    /// <summary>Null where this broker does not know the role.</summary>
    public string? Role { get; init; }

    public string? Person { get; init; }
    public bool ActsFor { get; init; }
    public IReadOnlyList<string>? Commands { get; init; }
    public int? PerMinute { get; init; }
    public int? MaxQueued { get; init; }
    public string? WorkerPattern { get; init; }
    public IReadOnlyList<string>? Queues { get; init; }
    public IReadOnlyList<string>? Caps { get; init; }
    public long? CreatedAt { get; init; }
    public string? CreatedBy { get; init; }
    public long? ExpiresAt { get; init; }
    public long? UsedAt { get; init; }

    /// <summary>Whether it stands in the broker's configuration, which alone changes it.</summary>
    public bool Configured { get; init; }

    /// <summary>The secret itself: in the answer that makes it alone.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Token { get; init; }
}

/// <summary>The answer of <c>GET /tokens</c>.</summary>
public sealed record TokenPage(IReadOnlyList<TokenView> Tokens, string? Next);

/// <summary>The answer of <c>DELETE /tokens/{name}</c>.</summary>
public sealed record RevokedToken(bool Ok, string Name);

/// <summary>The body of <c>POST /enrolments</c>.</summary>
public sealed record NewEnrolment(string Worker, IReadOnlyList<string>? Caps, IReadOnlyList<string>? Queues);

/// <summary>The answer of <c>POST /enrolments</c>.</summary>
/// <param name="Code">Works once.</param>
/// <param name="Line">What to run on the machine.</param>
/// <param name="Until">Seconds since 1970.</param>
public sealed record EnrolmentOffer(string Code, string Line, long Until);

/// <summary>The body of <c>POST /enrol</c>.</summary>
public sealed record EnrolBody(string Code);

/// <summary>The answer of <c>GET /audit</c>: newest first.</summary>
public sealed record AuditPage(IReadOnlyList<AuditLinkView> Audit, string? Next);

/// <summary>What one transaction noted.</summary>
/// <param name="Hash">Over this and all before it.</param>
public sealed record AuditLinkView(long N, long At, string Hash, IReadOnlyList<AuditEntryView> Entries);

/// <summary>What somebody did.</summary>
public sealed record AuditEntryView(long At, string Actor, string Action)
{
    public string? Target { get; init; }
    public string? Detail { get; init; }
}

/// <summary>The answer of <c>GET /audit/verify</c>.</summary>
/// <param name="Head">The newest link's hash: kept elsewhere, it proves later that nothing up to it was changed.</param>
/// <param name="Broken">What is wrong; null where nothing is.</param>
public sealed record AuditProof(bool Ok, long Links, string Head, string? Broken);
