using System.Text.Json.Serialization;

namespace OpenClaw.Contracts;

/// <summary>The answer of <c>GET /jobs/next</c>.</summary>
public sealed record ClaimAnswer(JobView? Job);

/// <summary>The body of <c>POST /jobs/{id}/result</c>.</summary>
public sealed record ResultBody(string Result);

/// <summary>The body of <c>POST /jobs/{id}/fail</c>.</summary>
/// <param name="Retryable">False where another try can't do better; null and true let it be tried again.</param>
/// <param name="RetryAfterSeconds">When it is tried again at the earliest.</param>
public sealed record FailBody(
    string Error, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Retryable = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? RetryAfterSeconds = null);

/// <summary>The body of <c>POST /jobs/{id}/release</c>, which may also be empty.</summary>
/// <param name="Hold"><c>approval</c>: a person has to say yes before it is claimed again.</param>
public sealed record ReleaseBody(string? Reason, string? Hold);

/// <summary>The answer of <c>POST /jobs/{id}/heartbeat</c>.</summary>
public sealed record HeartbeatAnswer(bool Ok, string Status, long LeaseUntil, double LeaseSeconds, bool CancelRequested);

/// <summary>The body of <c>POST /jobs/{id}/heartbeat</c>.</summary>
/// <param name="Progress">0 to 100.</param>
/// <param name="Details">What the next attempt is given, up to 64 KiB.</param>
public sealed record HeartbeatBody(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Progress = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Message = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Details = null);

/// <summary>How far a job is.</summary>
/// <param name="Percent">0 to 100; null where the worker does not say.</param>
public sealed record ProgressView(double? Percent, string? Message, long At);
