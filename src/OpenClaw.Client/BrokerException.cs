using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using OpenClaw.Contracts;

namespace OpenClaw.Client;

/// <summary>The broker refused a request, or something else answered in its place.</summary>
public sealed class BrokerException(int status, string? code, string detail, string? state, TimeSpan? retryAfter) : Exception(detail)
{
    /// <summary>The HTTP status.</summary>
    public int Status { get; } = status;

    /// <summary>One of <see cref="ErrorCodes"/>; null from the Python broker.</summary>
    public string? Code { get; } = code;

    /// <summary>In a 409: the job's state now.</summary>
    public string? State { get; } = state;

    /// <summary>How long the broker asks to wait.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;

    /// <summary>Whether the same request may succeed later, unchanged.</summary>
    public bool IsPassing => Status is (int)HttpStatusCode.TooManyRequests or (int)HttpStatusCode.RequestTimeout or >= 500;

    internal static async Task<BrokerException> ReadAsync(HttpResponseMessage response, CancellationToken stop)
    {
        var retryAfter = response.Headers.RetryAfter?.Delta;
        var status = (int)response.StatusCode;
        try
        {
            if (await response.Content.ReadFromJsonAsync(WireJson.Default.Problem, stop).ConfigureAwait(false) is { } problem)
            {
                return new BrokerException(status, problem.Code, Describe(problem.Detail), problem.State, retryAfter);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not a broker's words: a proxy's page, perhaps. The status has to do.
        }
        return new BrokerException(status, null, $"HTTP {status} {response.ReasonPhrase}", null, retryAfter);
    }

    private static string Describe(JsonElement detail) => detail.ValueKind switch
    {
        JsonValueKind.String => detail.GetString()!,
        JsonValueKind.Array => string.Join("; ", detail.EnumerateArray().Select(DescribeField)),
        _ => "no detail given",
    };

    private static string DescribeField(JsonElement field) =>
        field.ValueKind == JsonValueKind.Object && field.TryGetProperty("loc", out var loc) && field.TryGetProperty("msg", out var msg) && loc.ValueKind == JsonValueKind.Array
            ? $"{string.Join('.', loc.EnumerateArray())}: {msg}"
            : field.ToString();
}
