namespace OpenClaw.Broker.Jobs;

/// <summary>A ready job as a refill reads it.</summary>
internal readonly record struct ReadyRow(Guid Id, long Seq, long Version);

/// <summary>What a queue loads when it activates.</summary>
/// <param name="Lanes">Each lane's oldest ready jobs, and whether these are all.</param>
internal sealed record QueueSnapshot(IReadOnlyList<(string Lane, IReadOnlyList<ReadyRow> Rows, bool Complete)> Lanes, IReadOnlyList<Job> Running);
