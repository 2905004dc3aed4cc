using System.Text.Json;
using OpenClaw.Broker.Access;
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
        if (names is null || !Lane.IsValid(names))
        {
            throw ProblemException.BadRequest(
                $"{HeaderNames.WorkerCaps} must be a comma list or a JSON array of at most {Lane.MaxNames} names of at most {Lane.MaxNameBytes} bytes");
        }
        WorkerBinding.Check(context, HeaderNames.WorkerCaps, names, context.GetCaller().Token.Caps);
        return Lane.Of(names);
    }

    /// <summary>The queues to take from, in the order to look; those of the token where none are named.</summary>
    public static IReadOnlyList<string> Queues(HttpContext context)
    {
        var header = context.Request.Headers[HeaderNames.WorkerQueues].ToString();
        var allowed = context.GetCaller().Token.Queues;
        if (string.IsNullOrWhiteSpace(header)) return allowed ?? OnlyDefault;
        string[] names = [.. header.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal)];
        if (names.Length is 0 or > MaxQueues || !names.All(QueueNames.IsValid))
        {
            throw ProblemException.BadRequest($"{HeaderNames.WorkerQueues} must be a comma list of at most {MaxQueues} queues; each {QueueNames.Rule}");
        }
        WorkerBinding.Check(context, HeaderNames.WorkerQueues, names, allowed);
        return names;
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
