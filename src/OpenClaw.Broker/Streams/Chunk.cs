namespace OpenClaw.Broker.Streams;

/// <summary>A piece of what a job wrote.</summary>
/// <param name="Id">Greater than that of any piece of any job that was written before.</param>
/// <param name="Content">UTF-8.</param>
/// <param name="Metadata">A JSON object.</param>
/// <param name="CreatedAt">Milliseconds since 1970.</param>
internal sealed record Chunk(long Id, string Type, byte[]? Content, byte[]? Metadata, long CreatedAt)
{
    public int Bytes => (Content?.Length ?? 0) + (Metadata?.Length ?? 0);
}

/// <summary>A piece as its worker sent it.</summary>
/// <param name="N">The worker's number of it, from 1 in each attempt; null where it doesn't number them.</param>
[GenerateSerializer, Immutable, Alias("OpenClaw.NewChunk")]
internal sealed record NewChunk([property: Id(0)] long? N, [property: Id(1)] string Type, [property: Id(2)] byte[]? Content, [property: Id(3)] byte[]? Metadata)
{
    public int Bytes => (Content?.Length ?? 0) + (Metadata?.Length ?? 0);
}

/// <summary>The types that mean something here; all others are their sender's own.</summary>
internal static class ChunkTypes
{
    /// <summary>Renews the lease.</summary>
    public const string Heartbeat = "heartbeat";

    /// <summary>Nothing follows.</summary>
    public const string Final = "final";

    /// <summary>Stands for pieces that are gone.</summary>
    public const string Dropped = "dropped";
}

/// <summary>How much of what jobs write is kept. The oldest goes first.</summary>
internal static class ChunkLimits
{
    /// <summary>Bytes of an attempt.</summary>
    public const long Attempt = 2 << 20;

    /// <summary>Bytes of a job.</summary>
    public const long Job = 8 << 20;

    /// <summary>Pieces of an attempt, since tiny ones cost more than their bytes.</summary>
    public const int Pieces = 20_000;

    /// <summary>So much goes at once, so that dropping is rare.</summary>
    public const int Slab = 8;

    public static readonly TimeSpan Age = TimeSpan.FromHours(48);
}
