using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Streams;

/// <summary>The one authority over what a job writes: numbers it, and keeps it within its limits. Its key is the job's id.</summary>
[Alias("OpenClaw.IStreamGrain")]
internal interface IStreamGrain : IGrainWithGuidKey
{
    /// <summary>Writes pieces behind all that were written before, in one commit; what was had before is not had again.</summary>
    /// <param name="token">The lease token of who sends them; null of a worker that knows none.</param>
    [Alias("Append")]
    Task<Appended> AppendAsync(string? token, IReadOnlyList<NewChunk> chunks);
}

/// <summary>What became of pieces.</summary>
/// <param name="Job">Null where there is no such job.</param>
/// <param name="ChunkId">Of the last of them.</param>
/// <param name="NextN">The number that is to come next.</param>
[GenerateSerializer, Immutable, Alias("OpenClaw.Appended")]
internal readonly record struct Appended([property: Id(0)] Job? Job, [property: Id(1)] AppendRefusal Refusal, [property: Id(2)] long ChunkId,
    [property: Id(3)] long NextN);

/// <summary>Why pieces were not written.</summary>
internal enum AppendRefusal
{
    None,

    /// <summary>The sender's lease token isn't the job's newest.</summary>
    LeaseLost,

    /// <summary>There are numbers missing before them.</summary>
    Gap,

    /// <summary>The job ended so long ago that nothing of it is kept.</summary>
    Pruned,
}
