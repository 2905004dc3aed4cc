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

    /// <summary>In seconds since 1970.</summary>
    public long? CreatedAfter { get; init; }

    internal string ToQuery()
    {
        var query = string.Join('&', Names().Select(p => $"{p.Name}={Uri.EscapeDataString(p.Value)}"));
        return query.Length == 0 ? "" : "?" + query;
    }

    /// <summary>What filters, by its name; neither the page nor its length.</summary>
    internal Dictionary<string, string> ToFilter() => (this with { Limit = null, Cursor = null }).Names().ToDictionary(static p => p.Name, static p => p.Value);

    private IEnumerable<(string Name, string Value)> Names() => new (string Name, string? Value)[]
    {
        ("state", State), ("command", Command), ("queue", Queue), ("worker", Worker), ("requester", Requester), ("tag", Tag), ("batch", Batch),
        ("text", Text), ("created_after", CreatedAfter?.ToString(CultureInfo.InvariantCulture)),
        ("order", OldestFirst ? "oldest" : null),
        ("limit", Limit?.ToString(CultureInfo.InvariantCulture)), ("cursor", Cursor),
    }.Where(static p => p.Value is not null)!;
}
