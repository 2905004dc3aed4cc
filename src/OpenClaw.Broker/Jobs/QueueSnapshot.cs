namespace OpenClaw.Broker.Jobs;

/// <summary>A ready job as a refill reads it.</summary>
internal readonly record struct ReadyRow(Guid Id, Rank Rank, long Version);

/// <summary>A job that time alone will change.</summary>
/// <param name="DueAt">Milliseconds since 1970.</param>
/// <param name="IsDate">Whether that is a date, which follows the wall clock.</param>
internal readonly record struct DueRow(Guid Id, long Version, long DueAt, bool IsDate);

/// <summary>What a queue loads when it activates.</summary>
/// <param name="Running">Its running jobs.</param>
internal sealed record QueueSnapshot(FlowPage Ready, IReadOnlyList<Job> Running);

/// <summary>The first ready jobs of some flows.</summary>
/// <param name="Next">The last of them, where the table may have others after it.</param>
internal sealed record FlowPage(IReadOnlyList<FlowRows> Flows, Flow? Next);

/// <summary>The first ready jobs of a flow.</summary>
/// <param name="Complete">Whether the table has no more of them.</param>
internal sealed record FlowRows(Flow Flow, IReadOnlyList<ReadyRow> Rows, bool Complete);

/// <summary>How many jobs of a queue are in a state.</summary>
internal readonly record struct StateCount(string Queue, JobState State, long Jobs);
