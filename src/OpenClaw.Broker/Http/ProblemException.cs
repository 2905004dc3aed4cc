using OpenClaw.Contracts;

namespace OpenClaw.Broker.Http;

/// <summary>A request that gets an error for an answer.</summary>
internal sealed class ProblemException : Exception
{
    public ProblemException(int status, string code, string detail) : base(detail) => (Status, Code) = (status, code);

    /// <summary>A 422 that names each field that is wrong.</summary>
    public ProblemException(string code, IReadOnlyList<FieldError> fields) : base(string.Join("; ", fields.Select(f => f.Msg))) =>
        (Status, Code, Fields) = (StatusCodes.Status422UnprocessableEntity, code, fields);

    public int Status { get; }

    public string Code { get; }

    public IReadOnlyList<FieldError>? Fields { get; }

    /// <summary>In a 409: the job's state now.</summary>
    public string? State { get; init; }

    /// <summary>In a 409: the job that stands in the way.</summary>
    public Guid? JobId { get; init; }

    /// <summary>In a 409 for a gap: the number that is to come next.</summary>
    public long? NextN { get; init; }

    /// <summary>Of a limit that is reached: how much there is, and how much there may be.</summary>
    public (long Depth, long Limit)? Reached { get; init; }

    /// <summary>Seconds after which the same request may succeed.</summary>
    public int? RetryAfter { get; init; }

    public static ProblemException JobNotFound() => new(StatusCodes.Status404NotFound, ErrorCodes.NotFound, "job not found");

    public static ProblemException BadRequest(string detail) => new(StatusCodes.Status400BadRequest, ErrorCodes.BadRequest, detail);

    public static ProblemException BadQuery(string parameter, string message) =>
        new(ErrorCodes.Invalid, [new FieldError(["query", parameter], message, "value_error")]);
}
