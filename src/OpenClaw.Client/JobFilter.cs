using System.Globalization;
using OpenClaw.Contracts;

namespace OpenClaw.Client;

/// <summary>Which jobs a list holds; what is null does not filter.</summary>
public sealed record JobFilter
{
    /// <summary>No page is longer.</summary>
    public const int LargestPage = 200;

    /// <summary>One of <see cref="JobStates"/>, or several with commas between them.</summary>
    public string? State { get; init; }

    public string? Command { get; init; }
    public string? Queue { get; init; }
    public string? Worker { get; init; }

    public string? Requester { get; init; }
    public string? Tag { get; init; }
    public string? Batch { get; init; }

    /// <summary>In the command, the beginning of the payload, or the error.</summary>
    public string? Text { get; init; }

    public bool OldestFirst { get; init; }

    /// <summary>1 to <see cref="LargestPage"/>; null for the broker's default of 50.</summary>
    public int? Limit { get; init; }

    /// <summary>The page before's <see cref="JobPage.Next"/>.</summary>
    public string? Cursor { get; init; }

    internal string ToQuery()
    {
        var parts = new (string Name, string? Value)[]
        {
            ("state", State), ("command", Command), ("queue", Queue), ("worker", Worker), ("requester", Requester), ("tag", Tag), ("batch", Batch),
            ("text", Text),
            ("order", OldestFirst ? "oldest" : null),
            ("limit", Limit?.ToString(CultureInfo.InvariantCulture)), ("cursor", Cursor),
        };
        var query = string.Join('&', parts.Where(p => p.Value is not null).Select(p => $"{p.Name}={Uri.EscapeDataString(p.Value!)}"));
        return query.Length == 0 ? "" : "?" + query;
    }
}
