using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenClaw.Contracts;

/// <summary>A job as the API shows it. Times are whole seconds since 1970; what is absent is null.</summary>
public sealed record JobView
{
    public required string Id { get; init; }
    public long CreatedAt { get; init; }
    public long? StartedAt { get; init; }
    public long? FinishedAt { get; init; }
    public long? LeaseUntil { get; init; }

    /// <summary>One of <see cref="JobStatuses"/>.</summary>
    public required string Status { get; init; }

    public required string Command { get; init; }

    /// <summary>Null in lists, which leave payload and result out.</summary>
    public string? Payload { get; init; }

    public string? Result { get; init; }
    public string? Error { get; init; }
    public string? WorkerId { get; init; }

    /// <summary>One of <see cref="JobStates"/>; null from the Python broker.</summary>
    public string? State { get; init; }

    /// <summary>How often the job was claimed.</summary>
    public int Attempt { get; init; }

    public int Failures { get; init; }
    public int LostLeases { get; init; }
    public bool CancelRequested { get; init; }

    /// <summary>What was sent as the job's requirements, as text.</summary>
    [JsonConverter(typeof(TextOrJson))]
    public string? Requires { get; init; }

    /// <summary>What a worker must be able to do to get the job.</summary>
    public IReadOnlyList<string>? Caps { get; init; }

    /// <summary>Null from the Python broker.</summary>
    public string? Queue { get; init; }

    /// <summary>For whom it is.</summary>
    public string? Requester { get; init; }

    /// <summary>How the job ended; null before, and from the Python broker.</summary>
    public string? Outcome { get; init; }

    /// <summary>Grows with each change.</summary>
    public long Version { get; init; }

    /// <summary>As it was sent; null in lists.</summary>
    public Signature? Signature { get; init; }

    /// <summary>In a claim alone: the fence to send back as <see cref="HeaderNames.LeaseToken"/>.</summary>
    public string? LeaseToken { get; init; }

    /// <summary>In a claim alone: how long the lease lasts from now.</summary>
    public double? LeaseSeconds { get; init; }
}

/// <summary>The capabilities a job needs.</summary>
public sealed record Requirements(IReadOnlyList<string> Caps);

/// <summary>The body of <c>POST /jobs</c>.</summary>
public sealed record CreateJob(string Command, string Payload)
{
    public Requirements? Requires { get; init; }

    /// <summary>Null for the default one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Queue { get; init; }

    /// <summary>For whom it is; a token that names a person sets it itself.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Requester { get; init; }

    /// <summary>For runners that run only what is signed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Signature? Signature { get; init; }
}

/// <summary>Proves who wrote a job, to a runner that trusts no broker.</summary>
/// <param name="Key">The name of the key that signed.</param>
/// <param name="Nonce">Random: a signature is good for one job.</param>
/// <param name="NotAfter">No runner starts the job later, in seconds since 1970.</param>
/// <param name="Value">Base64.</param>
public sealed record Signature(string Key, string Nonce, long NotAfter, string Value);

/// <summary>The answer of <c>POST /jobs</c>.</summary>
public sealed record CreatedJob(string Id, string Status);

/// <summary>The answer of <c>GET /jobs/next</c>.</summary>
public sealed record ClaimAnswer(JobView? Job);

/// <summary>The body of <c>POST /jobs/{id}/result</c>.</summary>
public sealed record ResultBody(string Result);

/// <summary>The body of <c>POST /jobs/{id}/fail</c>.</summary>
public sealed record FailBody(string Error);

/// <summary>The body of <c>POST /jobs/{id}/cancel</c>, which may also be empty.</summary>
public sealed record CancelBody(string? Reason);

/// <summary>The answer of <c>result</c>, <c>fail</c>, <c>release</c> and <c>cancel</c>.</summary>
public sealed record Acknowledgement(bool Ok, string Status)
{
    /// <summary>Why nothing changed, where nothing did.</summary>
    public string? Note { get; init; }

    /// <summary>In the answer of <c>cancel</c>: true where a running job's worker is still to be told.</summary>
    public bool? CancelRequested { get; init; }
}

/// <summary>The answer of <c>DELETE /jobs/{id}</c>.</summary>
public sealed record DeletedJob(bool Ok, string Id);

/// <summary>The answer of <c>POST /jobs/{id}/heartbeat</c>.</summary>
public sealed record HeartbeatAnswer(bool Ok, string Status, long LeaseUntil, double LeaseSeconds, bool CancelRequested);

/// <summary>The answer of <c>GET /jobs</c>: newest first, without payloads and results.</summary>
/// <param name="Jobs">At most <c>limit</c> jobs.</param>
/// <param name="Next">The <c>cursor</c> of the next page; null on the last.</param>
public sealed record JobPage(IReadOnlyList<JobView> Jobs, string? Next);

/// <summary>The answer of <c>GET /health</c>.</summary>
public sealed record Health(bool Ok, bool TsBound);

/// <summary>An error: RFC 9457 problem details; <c>detail</c> is a text, in a 422 a list of <see cref="FieldError"/>.</summary>
public sealed record Problem
{
    public string? Type { get; init; }
    public string? Title { get; init; }
    public int? Status { get; init; }
    public JsonElement Detail { get; init; }

    /// <summary>One of <see cref="ErrorCodes"/>.</summary>
    public string? Code { get; init; }

    /// <summary>In a 409: the job's state now.</summary>
    public string? State { get; init; }
}

/// <summary>One missing or wrong field of a request.</summary>
/// <param name="Loc">Where: <c>["body", "payload"]</c>.</param>
/// <param name="Msg">What is wrong with it.</param>
/// <param name="Type">A stable word for the kind of error.</param>
public sealed record FieldError(IReadOnlyList<string> Loc, string Msg, string Type);

/// <summary>Source-generated JSON of everything on the wire.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(JobView))]
[JsonSerializable(typeof(CreateJob))]
[JsonSerializable(typeof(CreatedJob))]
[JsonSerializable(typeof(ClaimAnswer))]
[JsonSerializable(typeof(ResultBody))]
[JsonSerializable(typeof(FailBody))]
[JsonSerializable(typeof(CancelBody))]
[JsonSerializable(typeof(Acknowledgement))]
[JsonSerializable(typeof(DeletedJob))]
[JsonSerializable(typeof(HeartbeatAnswer))]
[JsonSerializable(typeof(JobPage))]
[JsonSerializable(typeof(Health))]
[JsonSerializable(typeof(Requirements))]
[JsonSerializable(typeof(Signature))]
[JsonSerializable(typeof(NewToken))]
[JsonSerializable(typeof(TokenView))]
[JsonSerializable(typeof(TokenPage))]
[JsonSerializable(typeof(RevokedToken))]
[JsonSerializable(typeof(NewEnrolment))]
[JsonSerializable(typeof(EnrolmentOffer))]
[JsonSerializable(typeof(EnrolBody))]
[JsonSerializable(typeof(AuditPage))]
[JsonSerializable(typeof(AuditEntryView))]
[JsonSerializable(typeof(AuditProof))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(IReadOnlyList<FieldError>))]
public sealed partial class WireJson : JsonSerializerContext;

/// <summary>A text, or any other JSON as its text.</summary>
internal sealed class TextOrJson : JsonConverter<string>
{
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String ? reader.GetString() : JsonElement.ParseValue(ref reader).GetRawText();

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);
}
