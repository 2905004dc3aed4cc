namespace OpenClaw.Broker.Jobs;

/// <summary>A job with its texts, in UTF-8.</summary>
internal readonly record struct JobTexts(Job Job, byte[] Payload, byte[]? Result);

/// <summary>Which jobs a list holds.</summary>
/// <param name="Before">Only jobs accepted before this one; null for the newest.</param>
internal sealed record JobQuery(JobState? State, string? Command, string? WorkerId, long? Before, int Limit);
