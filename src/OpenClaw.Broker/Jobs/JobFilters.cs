using System.Globalization;
using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;

namespace OpenClaw.Broker.Jobs;

/// <summary>Which jobs a caller means: what <c>GET /jobs</c> has in its query, and calls on many jobs in their <c>filter</c>.</summary>
internal static class JobFilters
{
    public static readonly string[] Names =
        ["state", "command", "queue", "worker", "requester", "tag", "batch", "text", "created_after", "created_before", "order"];

    private const int MaxTextBytes = 256;

    /// <param name="value">What the caller says of a name; null or empty where it says nothing.</param>
    /// <param name="bad">The error for a name and what is wrong with it.</param>
    public static JobQuery Read(Func<string, string?> value, Func<string, string, ProblemException> bad, Caller caller, long? after, int limit)
    {
        var text = Text("text");
        if (text?.Length > MaxTextBytes) throw bad("text", $"must have at most {MaxTextBytes} characters");
        return new JobQuery(States(), Text("command"), Text("queue"), Text("worker"), after, limit)
        {
            Requester = caller is { SeesOwnAlone: true, Acts: true } ? caller.Person : Text("requester"),
            MadeBy = caller.SeesOwnAlone ? caller.MadeBy() : null,
            Tag = Text("tag"),
            Batch = Text("batch"),
            Text = text,
            CreatedAfter = Time("created_after"),
            CreatedBefore = Time("created_before"),
            IsOldestFirst = Text("order") switch
            {
                null or "newest" => false,
                "oldest" => true,
                _ => throw bad("order", "must be newest or oldest"),
            },
        };

        string? Text(string name) => value(name) is { Length: > 0 } said ? said : null;

        long? Time(string name)
        {
            if (Text(name) is not { } said) return null;
            return long.TryParse(said, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds < long.MaxValue / 1000
                ? seconds * 1000
                : throw bad(name, "must be a time in whole seconds since 1970");
        }

        JobState[] States() => Text("state") is not { } list ? [] : [.. list.Split(',').Select(name => JobStateNames.Parse(name)
            ?? throw bad("state", "must be one or several, separated by commas, of queued, scheduled, held, running, done, failed and cancelled"))];
    }
}
