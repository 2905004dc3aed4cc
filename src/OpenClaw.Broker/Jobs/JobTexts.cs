namespace OpenClaw.Broker.Jobs;

/// <summary>A job with its texts, in UTF-8.</summary>
/// <param name="Error">The whole of an error that is too long for the row.</param>
internal readonly record struct JobTexts(Job Job, byte[] Payload, byte[]? Result, byte[]? Error);

/// <summary>Which jobs a list holds.</summary>
/// <param name="States">Any of these; all where it is empty.</param>
/// <param name="After">The list goes on after the job with this number; null for its beginning.</param>
internal sealed record JobQuery(IReadOnlyList<JobState> States, string? Command, string? Queue, string? WorkerId, long? After, int Limit)
{
    public string? Requester { get; init; }

    /// <summary>Only those that this token made.</summary>
    public string? MadeBy { get; init; }

    public string? Tag { get; init; }

    public string? Batch { get; init; }

    /// <summary>In the command, the first 4 KiB of the payload, or the error.</summary>
    public string? Text { get; init; }

    /// <summary>Milliseconds since 1970; those of that time are in.</summary>
    public long? CreatedAfter { get; init; }

    /// <summary>Milliseconds since 1970; those of that time are not.</summary>
    public long? CreatedBefore { get; init; }

    public bool IsOldestFirst { get; init; }
}

/// <summary>A page of a list.</summary>
/// <param name="SearchedUntil">Where the search stopped because it took long: go on after this one; null where it is complete.</param>
/// <param name="SearchedTime">When that one was created, in milliseconds since 1970.</param>
internal readonly record struct JobPage(List<Job> Jobs, long? SearchedUntil, long? SearchedTime = null);
