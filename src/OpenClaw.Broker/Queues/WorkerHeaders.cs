using System.Text.Json;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Jobs;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Queues;

/// <summary>What a worker that claims says of itself.</summary>
internal static class WorkerHeaders
{
    private const int MaxQueues = 32;
    private static readonly string[] OnlyDefault = [QueueNames.Default];

    /// <summary>What it can do: a comma list or a JSON array.</summary>
    public static Lane Caps(HttpContext context)
    {
        var header = context.Request.Headers[HeaderNames.WorkerCaps].ToString().Trim();
        if (header.Length == 0) return Lane.Any;
        string[]? names = header[0] == '[' ? Parse(header) : header.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return names is not null && Lane.IsValid(names)
            ? Lane.Of(names)
            : throw ProblemException.BadRequest(
                $"{HeaderNames.WorkerCaps} must be a comma list or a JSON array of at most {Lane.MaxNames} names of at most {Lane.MaxNameBytes} bytes");
    }

    /// <summary>The queues to take from, in the order to look.</summary>
    public static IReadOnlyList<string> Queues(HttpContext context)
    {
        var header = context.Request.Headers[HeaderNames.WorkerQueues].ToString();
        if (string.IsNullOrWhiteSpace(header)) return OnlyDefault;
        string[] names = [.. header.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal)];
        return names.Length is > 0 and <= MaxQueues && names.All(QueueNames.IsValid)
            ? names
            : throw ProblemException.BadRequest($"{HeaderNames.WorkerQueues} must be a comma list of at most {MaxQueues} queues; each {QueueNames.Rule}");
    }

    private static string[]? Parse(string header)
    {
        try
        {
            return JsonSerializer.Deserialize(header, LaneJson.Default.StringArray) is { } names && names.All(static n => n is not null) ? names : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
