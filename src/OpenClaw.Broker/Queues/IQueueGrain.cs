using OpenClaw.Broker.Jobs;
using Orleans.Concurrency;

namespace OpenClaw.Broker.Queues;

/// <summary>The one authority over which job of a queue is next. Never waits for a disk in a caller's turn.</summary>
[Alias("OpenClaw.IQueueGrain")]
internal interface IQueueGrain : IGrainWithStringKey
{
    /// <summary>Loads the queue, where it is not in memory.</summary>
    [Alias("Wake")]
    Task WakeAsync();

    /// <summary>Sets aside the first job that a worker with these capabilities (as <see cref="Lane"/> writes them) may take.</summary>
    [Alias("Next")]
    ValueTask<Offer> NextAsync(string caps);

    /// <summary>Puts a job back that was set aside and could not be claimed.</summary>
    [Alias("Return")]
    Task ReturnAsync(Guid jobId);

    /// <summary>Files jobs by what they are now; news older than what is known is ignored.</summary>
    [Alias("Observe")]
    Task ObserveAsync(Job[] jobs);

    /// <summary>Completes when the refills under way have ended.</summary>
    [AlwaysInterleave, Alias("WhenRefilled")]
    Task WhenRefilledAsync();

    [Alias("Describe")]
    Task<QueueCounts> DescribeAsync();

    /// <summary>Pauses or resumes claims; kept across restarts.</summary>
    [Alias("Pause")]
    Task PauseAsync(bool paused);
}

/// <summary>The job that was set aside; or none, and whether a refill is under way that may bring one.</summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.Offer")]
internal readonly record struct Offer([property: Id(0)] Guid? JobId, [property: Id(1)] bool Refilling);

/// <summary>What a queue holds in memory, and whether its claims are paused.</summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.QueueCounts")]
internal sealed record QueueCounts([property: Id(0)] int Ready, [property: Id(1)] int SetAside, [property: Id(2)] int Leased, [property: Id(3)] bool Paused);

/// <summary>What only the queue knows.</summary>
[GenerateSerializer, Alias("OpenClaw.QueueState")]
internal sealed class QueueState
{
    [Id(0)] public bool Paused { get; set; }
}
