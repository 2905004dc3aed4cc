using System.Globalization;
using System.Text.Json.Serialization;

namespace OpenClaw.Runner.Outbox;

/// <summary>An outcome on its way to the broker.</summary>
/// <param name="Text">The result, or the error.</param>
internal sealed record StoredOutcome(string JobId, int Attempt, string? LeaseToken, OutcomeKind Kind, string Text)
{
    /// <summary>Of a failure: false where another try can't do better. Absent in files of before there was this.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Retryable { get; init; }

    [JsonIgnore]
    public string FileName => string.Create(CultureInfo.InvariantCulture, $"{JobId}.{Attempt}.{Kind}.json").ToLowerInvariant();

    /// <summary>Whether it can be sent: a file may hold anything.</summary>
    [JsonIgnore]
    public bool IsSound => Identifiers.IsJobId(JobId) && Identifiers.IsLeaseToken(LeaseToken) && Enum.IsDefined(Kind);
}

internal enum OutcomeKind
{
    Result,
    Fail,
}

/// <summary>The form of the outbox's files.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(StoredOutcome))]
internal sealed partial class OutboxJson : JsonSerializerContext;
