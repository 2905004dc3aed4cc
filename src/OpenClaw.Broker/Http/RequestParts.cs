using System.Globalization;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Http;

/// <summary>What requests say in their paths, headers and queries.</summary>
internal static class RequestParts
{
    public const int MaxWaitSeconds = 60;
    private const int MaxNameLength = 255;
    private const int MaxClaimIdLength = 128;

    /// <summary>The id in the path: a lower-case UUID with hyphens; anything else names no job.</summary>
    public static Guid JobId(HttpContext context) =>
        context.Request.RouteValues["id"] is string text && Guid.TryParseExact(text, "D", out var id) && !text.AsSpan().ContainsAnyInRange('A', 'F')
            ? id
            : throw ProblemException.JobNotFound();

    /// <summary>The worker's name, trimmed; null where it is blank.</summary>
    public static string? WorkerId(HttpContext context)
    {
        var name = context.Request.Headers[HeaderNames.WorkerId].ToString().Trim();
        if (name.Length > MaxNameLength) throw ProblemException.BadRequest($"{HeaderNames.WorkerId} is longer than {MaxNameLength} characters; give the worker a shorter name");
        return name.Length == 0 ? null : name;
    }

    public static string? LeaseToken(HttpContext context) => Blank(context.Request.Headers[HeaderNames.LeaseToken].ToString());

    public static string? ClaimId(HttpContext context) => Visible(context, HeaderNames.ClaimId, MaxClaimIdLength);

    public static string? IdempotencyKey(HttpContext context) => Visible(context, HeaderNames.IdempotencyKey, MaxNameLength);

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
        if (!context.Request.Headers.TryGetValue(header, out var values)) return null;
        var value = values.ToString();
        return value.Length > 0 && value.Length <= maxLength && value.All(static c => c is > ' ' and <= '~')
            ? value
            : throw ProblemException.BadRequest($"{header} must be 1 to {maxLength} visible ASCII characters");
    }

    private static string? Blank(string text) => text.Trim() is { Length: > 0 } trimmed ? trimmed : null;
}
