using OpenClaw.Broker.Queues;

namespace OpenClaw.Broker.Workers;

/// <summary>A worker as it was last seen asking for a job.</summary>
/// <param name="SeenAt">Milliseconds since 1970.</param>
internal sealed record Worker(string Id, long SeenAt, WorkerClass Class, IReadOnlyList<string> Queues)
{
    /// <summary>One that asked within this time is there: workers ask at least once a minute.</summary>
    public const long ThereMs = 120_000;

    public bool IsThere(long now) => now - SeenAt < ThereMs;

    public bool Serves(string queue) => Queues.Contains(queue, StringComparer.Ordinal);
}
