namespace OpenClaw.Broker.Jobs;

/// <summary>A job with its texts, in UTF-8.</summary>
/// <param name="Error">The whole of an error that is too long for the row.</param>
internal readonly record struct JobTexts(Job Job, byte[] Payload, byte[]? Result, byte[]? Error);

/// <summary>Which jobs a list holds.</summary>
/// <param name="States">Any of these; all where it is empty.</param>
/// <param name="Before">Only jobs accepted before this one; null for the newest.</param>
internal sealed record JobQuery(IReadOnlyList<JobState> States, string? Command, string? Queue, string? WorkerId, long? Before, int Limit)
{
    public string? Requester { get; init; }

    /// <summary>Only those that this token made.</summary>
    public string? MadeBy { get; init; }
}

/// <summary>A page of a list.</summary>
/// <param name="SearchedUntil">Where the search stopped because it took long: go on before this one; null where it is complete.</param>
internal readonly record struct JobPage(List<Job> Jobs, long? SearchedUntil);
