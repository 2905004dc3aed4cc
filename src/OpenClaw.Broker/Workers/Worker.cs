using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Workers;

/// <summary>A worker as it was last seen asking for a job.</summary>
/// <param name="SeenAt">Milliseconds since 1970.</param>
internal sealed record Worker(string Id, long SeenAt, Lane Caps, IReadOnlyList<string> Queues)
{
    /// <summary>One that asked within this time is there: workers ask at least once a minute.</summary>
    public const long ThereMs = 120_000;

    public bool IsThere(long now) => now - SeenAt < ThereMs;

    /// <summary>Whether it may have a job of this queue that needs these capabilities.</summary>
    public bool CanDo(string queue, Lane lane) => Queues.Contains(queue, StringComparer.Ordinal) && lane.Names.All(Caps.Names.Contains);
}
