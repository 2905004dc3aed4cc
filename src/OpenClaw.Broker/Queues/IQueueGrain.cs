using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Queues;

/// <summary>The one authority over which job of a queue is next. Never waits for a disk in a caller's turn.</summary>
[Alias("OpenClaw.IQueueGrain")]
internal interface IQueueGrain : IGrainWithStringKey
{
    /// <summary>Loads the queue, where it is not in memory.</summary>
    [Alias("Wake")]
    Task WakeAsync();

    /// <summary>Files news, then sets aside jobs for each who asks.</summary>
    /// <returns>An offer for each who asked, in their order.</returns>
    [Alias("Observe")]
    ValueTask<Offer[]> ObserveAsync(QueueMessage message);

    /// <summary>Puts a job back that was set aside and could not be claimed.</summary>
    /// <param name="isGone">Whether it has no row any more; then it is forgotten.</param>
    [Alias("Return")]
    Task ReturnAsync(Guid jobId, bool isGone);

    /// <summary>To be called before the table is read, so that what ends meanwhile is remembered.</summary>
    [Alias("BeginComparison")]
    Task BeginComparisonAsync();

    /// <summary>Files rows of the table that the queue had not heard of; null where the table could not be read.</summary>
    [Alias("EndComparison")]
    Task EndComparisonAsync(JobNews[]? rows);

    [Alias("Describe")]
    Task<QueueView> DescribeAsync();

    /// <summary>Pauses claims, or resumes them with null; kept across restarts.</summary>
    [Alias("Pause")]
    Task PauseAsync(Pause? pause);

    /// <summary>Limits claims, by nothing any more where there are none; kept across restarts.</summary>
    /// <param name="version">That of the limits which the caller has seen; null where it does not matter.</param>
    /// <returns>The version of the limits as they are now; and whether they are the new ones.</returns>
    [Alias("Limit")]
    Task<(long Version, bool IsChanged)> LimitAsync(QueueLimit[] limits, long? version);

    /// <summary>Forgets all settings, and leaves memory.</summary>
    [Alias("Clear")]
    Task ClearAsync();
}

/// <summary>What a process tells a queue and asks of it, in one message.</summary>
/// <param name="SentAt">Now, on the clock that dated the news.</param>
/// <param name="Asks">What each worker asks for.</param>
[GenerateSerializer, Immutable, Alias("OpenClaw.QueueMessage")]
internal sealed record QueueMessage([property: Id(0)] JobNews[] News, [property: Id(1)] SteadyTime SentAt, [property: Id(2)] Ask[] Asks);

/// <summary>A worker asks for jobs.</summary>
/// <param name="Most">How many it takes.</param>
[GenerateSerializer, Immutable, Alias("OpenClaw.Ask")]
internal readonly record struct Ask([property: Id(0)] WorkerClass Worker, [property: Id(1)] int Most);

/// <summary>The jobs that were set aside; or none, and whether a refill is under way that may bring some.</summary>
/// <param name="JobId">The first.</param>
/// <param name="More">Those after it; null where there is one at most.</param>
[GenerateSerializer, Immutable, Alias("OpenClaw.Offer")]
internal readonly record struct Offer([property: Id(0)] Guid? JobId, [property: Id(1)] bool Refilling, [property: Id(2)] Guid[]? More = null);

/// <summary>What a queue holds in memory, and whether its claims are paused.</summary>
/// <param name="FirstReady">The job that has waited for longest, a step of priority counted as 15 minutes; null where none is ready.</param>
[GenerateSerializer, Immutable, Alias("OpenClaw.QueueView")]
internal sealed record QueueView(
    [property: Id(0)] int Ready, [property: Id(1)] int SetAside, [property: Id(2)] int Leased, [property: Id(3)] Guid? FirstReady,
        [property: Id(4)] Pause? Paused)
{
    [Id(5)] public QueueLimit[] Limits { get; init; } = [];

    /// <summary>Grows with each change of the limits.</summary>
    [Id(7)] public long Version { get; init; }

    /// <summary>What the limits let no other job start of now.</summary>
    [Id(6)] public ClosedShare[] Closed { get; init; } = [];
}

/// <summary>A limit that is reached.</summary>
/// <param name="Name">Of which command or requester.</param>
/// <param name="OpensInMs">In how many milliseconds the rate lets another start; null where an end does.</param>
[GenerateSerializer, Immutable, Alias("OpenClaw.ClosedShare")]
internal sealed record ClosedShare([property: Id(0)] QueueLimit Limit, [property: Id(1)] string? Name, [property: Id(2)] long? OpensInMs);

/// <summary>Who paused a queue's claims, why and when.</summary>
/// <param name="Since">Milliseconds since 1970.</param>
/// <param name="Until">When it ends by itself, in milliseconds since 1970; null where somebody has to end it.</param>
/// <param name="IsDate">Whether that is a date, which follows the wall clock.</param>
/// <param name="IsDrain">Whether it is there to let what runs come to its end.</param>
[GenerateSerializer, Immutable, Alias("OpenClaw.Pause")]
internal sealed record Pause([property: Id(0)] string By, [property: Id(1)] string? Reason, [property: Id(2)] long Since,
    [property: Id(3)] long? Until = null, [property: Id(4)] bool IsDate = false, [property: Id(5)] bool IsDrain = false)
{
    public override string ToString() => $"{(IsDrain ? "drained" : "paused")} by {By}{(Reason is null ? "" : $": {Reason}")}";
}

/// <summary>What only the queue knows.</summary>
[GenerateSerializer, Alias("OpenClaw.QueueState")]
internal sealed class QueueState
{
    [Id(1)] public Pause? Pause { get; set; }

    [Id(2)] public QueueLimit[] Limits { get; set; } = [];

    /// <summary>Grows with each change of the limits.</summary>
    [Id(3)] public long Version { get; set; }
}
