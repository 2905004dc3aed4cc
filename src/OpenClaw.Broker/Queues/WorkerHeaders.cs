using System.Text;
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
    private const int MaxCommands = 1000;
    private static readonly string[] OnlyDefault = [QueueNames.Default];

    /// <summary>What it can do and which commands it takes: each a comma list or a JSON array.</summary>
    public static WorkerClass Class(HttpContext context, IClaimSink seen)
    {
        var names = Names(context, HeaderNames.WorkerCaps);
        if (names is null || !Caps.IsValid(names))
        {
            throw ProblemException.BadRequest(
                $"{HeaderNames.WorkerCaps} must be a comma list or a JSON array of at most {Caps.MaxNames} names of at most "
                    + $"{Caps.MaxNameBytes} bytes");
        }
        if (names.Length > 0) WorkerBinding.Check(context, HeaderNames.WorkerCaps, names, context.GetCaller().Token.Caps);
        return new WorkerClass(Caps.Of(names), Commands(context, seen));
    }

    private static CommandSet Commands(HttpContext context, IClaimSink seen)
    {
        if (string.IsNullOrWhiteSpace(context.Request.Headers[HeaderNames.WorkerCommands])) return seen.Unnamed(context.GetWorkerId());
        var names = Names(context, HeaderNames.WorkerCommands);
        if (names is null || names.Length > MaxCommands || names.Any(static n => Encoding.UTF8.GetByteCount(n) is 0 or > JobReader.MaxCommandBytes))
        {
            throw ProblemException.BadRequest($"{HeaderNames.WorkerCommands} must be a comma list or a JSON array of at most {MaxCommands} commands "
                + $"of 1 to {JobReader.MaxCommandBytes} bytes");
        }
        return CommandSet.Only(names);
    }

    /// <summary>The queues to take from, in the order to look; those of the token where none are named.</summary>
    public static IReadOnlyList<string> Queues(HttpContext context)
    {
        var header = context.Request.Headers[HeaderNames.WorkerQueues].ToString();
        var allowed = context.GetCaller().Token.Queues;
        if (string.IsNullOrWhiteSpace(header)) return allowed ?? OnlyDefault;
        string[] names = [.. header.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal)];
        if (names.Length is 0 or > MaxQueues || !names.All(n => QueueNames.IsValid(n) || allowed?.Contains(n) == true))
        {
            throw ProblemException.BadRequest($"{HeaderNames.WorkerQueues} must be a comma list of at most {MaxQueues} queues; each {QueueNames.Rule}");
        }
        WorkerBinding.Check(context, HeaderNames.WorkerQueues, names, allowed);
        return names;
    }

    /// <summary>Null where the header is no list.</summary>
    private static string[]? Names(HttpContext context, string name)
    {
        var header = context.Request.Headers[name].ToString().Trim();
        if (header.Length == 0) return [];
        return header[0] == '[' ? Parse(header) : header.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
    }

    private static string[]? Parse(string header)
    {
        try
        {
            return JsonSerializer.Deserialize(header, NamesJson.Default.StringArray) is { } names && names.All(static n => n is not null) ? names : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
