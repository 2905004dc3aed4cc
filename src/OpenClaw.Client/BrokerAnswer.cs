using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using OpenClaw.Contracts;

namespace OpenClaw.Client;

/// <summary>Reads what came back, and trusts none of it: it may be from anything that listens there.</summary>
internal static class BrokerAnswer
{
    /// <summary>No answer of a broker is longer: two results of 8 MiB.</summary>
    public const int LongestBytes = 16 << 20;

    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromSeconds(60);

    /// <summary>The answer, or the refusal as an exception.</summary>
    /// <exception cref="BrokerException">It is a refusal, or can't be read.</exception>
    public static async Task<T> ReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, DateTimeOffset now, CancellationToken stop) where T : class
    {
        var status = (int)response.StatusCode;
        var url = response.RequestMessage!.RequestUri!;
        if (!response.IsSuccessStatusCode) throw await ReadRefusalAsync(response, url, now, stop);
        var body = await ReadBytesAsync(response, url, stop);
        try
        {
            return JsonSerializer.Deserialize(body.Span, type) ?? throw BrokerException.Unreadable(status, url, "the answer is null");
        }
        catch (JsonException e)
        {
            throw BrokerException.Unreadable(status, url, e.Message, e);
        }
    }

    private static async Task<BrokerException> ReadRefusalAsync(HttpResponseMessage response, Uri url, DateTimeOffset now, CancellationToken stop)
    {
        var status = (int)response.StatusCode;
        var retryAfter = RetryAfter(response, now);
        try
        {
            var body = await ReadBytesAsync(response, url, stop);
            if (JsonSerializer.Deserialize(body.Span, WireJson.Default.Problem) is { } problem && Describe(problem.Detail) is { } detail)
            {
                return BrokerException.Refused(status, detail, problem.Code, problem.State, retryAfter);
            }
        }
        catch (Exception e) when (e is JsonException or BrokerException)
        {
            // The status has to do.
        }
        return BrokerException.RefusedWithoutWords(status, response.ReasonPhrase, retryAfter);
    }

    /// <summary>The body in UTF-8, whatever its header says: JSON on the wire has no other encoding.</summary>
    private static async Task<ReadOnlyMemory<byte>> ReadBytesAsync(HttpResponseMessage response, Uri url, CancellationToken stop)
    {
        try
        {
            await response.Content.LoadIntoBufferAsync(LongestBytes, stop);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw BrokerException.Unreadable((int)response.StatusCode, url, $"the answer is longer than {LongestBytes >> 20} MiB", e);
        }
        ReadOnlyMemory<byte> bytes = await response.Content.ReadAsByteArrayAsync(stop);
        return bytes.Span.StartsWith("\ufeff"u8) ? bytes[3..] : bytes;
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage response, DateTimeOffset now)
    {
        var header = response.Headers.RetryAfter;
        if ((header?.Delta ?? (header?.Date - now)) is not { } wait) return null;
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait < LongestRetryAfter ? wait : LongestRetryAfter;
    }

    public static string? Describe(JsonElement detail) => detail.ValueKind switch
    {
        JsonValueKind.String => detail.GetString(),
        JsonValueKind.Array => string.Join("; ", detail.EnumerateArray().Select(DescribeField)),
        _ => null,
    };

    private static string DescribeField(JsonElement field) =>
        field.ValueKind == JsonValueKind.Object
        && field.TryGetProperty("loc", out var loc) && loc.ValueKind == JsonValueKind.Array && field.TryGetProperty("msg", out var msg)
            ? $"{string.Join('.', loc.EnumerateArray())}: {msg}"
            : field.ToString();
}
