using System.Globalization;
using System.Text;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Http;

/// <summary>What requests say in their paths, headers and queries.</summary>
internal static class RequestParts
{
    public const int MaxWaitSeconds = 60;
    private const int IdLength = 36;
    private const int MaxNameBytes = 255;
    private const int MaxClaimIdLength = 128;

    /// <summary>The id in the path: a lower-case UUID with hyphens; anything else names no job.</summary>
    public static Guid JobId(HttpContext context) =>
        IsJobId(context.Request.RouteValues["id"] as string, out var id) ? id : throw ProblemException.JobNotFound();

    public static bool IsJobId(string? text, out Guid id)
    {
        id = default;
        return text is { Length: IdLength } && Guid.TryParseExact(text, "D", out id) && !text.AsSpan().ContainsAnyInRange('A', 'F');
    }

    /// <summary>The worker's name, trimmed; null where it is blank.</summary>
    public static string? WorkerId(HttpContext context)
    {
        if (Single(context, HeaderNames.WorkerId)?.Trim() is not { Length: > 0 } name) return null;
        return Encoding.UTF8.GetByteCount(name) <= MaxNameBytes
            ? name
            : throw ProblemException.BadRequest($"{HeaderNames.WorkerId} has more than {MaxNameBytes} bytes; give the worker a shorter name");
    }

    public static string? LeaseToken(HttpContext context) => Single(context, HeaderNames.LeaseToken)?.Trim() is { Length: > 0 } token ? token : null;

    public static string? ClaimId(HttpContext context) => Visible(context, HeaderNames.ClaimId, MaxClaimIdLength);

    public static string? IdempotencyKey(HttpContext context) => Visible(context, HeaderNames.IdempotencyKey, MaxNameBytes);

    /// <summary>The answer to an idempotency key that came with another body before.</summary>
    public static ProblemException OtherBody() => new(ErrorCodes.IdempotencyMismatch,
        [new FieldError(["header", HeaderNames.IdempotencyKey], "this key came with another body before; use a new key for a new job",
            "idempotency_mismatch")]);

    /// <summary>The version that the caller has seen, a bare number; null where it does not say.</summary>
    public static long? IfMatch(HttpContext context)
    {
        if (Single(context, "If-Match")?.Trim() is not { Length: > 0 } text) return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? version
            : throw ProblemException.BadRequest("If-Match must be the version that the job showed, a number");
    }

    /// <summary>The <c>wait</c> in the query.</summary>
    public static TimeSpan Wait(HttpContext context)
    {
        if (context.Request.Query["wait"].ToString() is not { Length: > 0 } text) return TimeSpan.Zero;
        return double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and <= MaxWaitSeconds
            ? TimeSpan.FromSeconds(seconds)
            : throw ProblemException.BadQuery("wait", $"must be a number of seconds from 0 to {MaxWaitSeconds}");
    }

    private static string? Visible(HttpContext context, string header, int maxLength)
    {
        if (Single(context, header) is not { } value) return null;
        return value.Length > 0 && value.Length <= maxLength && value.All(static c => c is > ' ' and <= '~')
            ? value
            : throw ProblemException.BadRequest($"{header} must be 1 to {maxLength} visible ASCII characters");
    }

    /// <summary>A header that says one thing; sent twice it would be a guess which of them counts.</summary>
    private static string? Single(HttpContext context, string header)
    {
        if (!context.Request.Headers.TryGetValue(header, out var values)) return null;
        return values.Count == 1 ? values[0] : throw ProblemException.BadRequest($"{header} was sent {values.Count} times; send it once");
    }
}
