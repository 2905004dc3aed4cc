using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenClaw.Contracts;

/// <summary>Types of what a job writes; a worker may send others.</summary>
public static class ChunkTypes
{
    public const string Output = "stdout";
    public const string Error = "stderr";
    public const string Progress = "progress";
    public const string Message = "message";

    /// <summary>Nothing follows.</summary>
    public const string Final = "final";

    /// <summary>Stands for pieces that are no longer kept.</summary>
    public const string Dropped = "dropped";
}

/// <summary>The body of <c>POST /jobs/{id}/chunks</c>.</summary>
public sealed record ChunksBody(IReadOnlyList<ChunkBody> Chunks);

/// <summary>A piece of what a job writes.</summary>
/// <param name="N">The worker's own number, from 1 in each attempt: what was had before is had once.</param>
public sealed record ChunkBody(long N, string ChunkType, string? Content, JsonElement? Metadata = null);

/// <summary>The answer of <c>POST /jobs/{id}/chunks</c>.</summary>
/// <param name="NextN">The number that is to come next.</param>
public sealed record ChunksAnswer(bool Ok, long ChunkId, long NextN);

/// <summary>The answer of <c>GET /jobs/{id}/chunks</c>.</summary>
public sealed record ChunkPage(IReadOnlyList<ChunkView> Chunks, int Count);

/// <summary>A piece of what a job wrote.</summary>
public sealed record ChunkView(long Id, string ChunkType, string? Content, JsonElement? Metadata, long CreatedAt);

/// <summary>An event of <c>GET /jobs/{id}/stream</c>: a piece of what the job writes, why nothing comes, or its end.</summary>
public sealed record StreamEvent
{
    /// <summary>Null of a piece.</summary>
    [JsonIgnore]
    public string? Name { get; init; }

    /// <summary>Of a piece: where to go on after it.</summary>
    public long Id { get; init; }

    /// <summary>Of a piece: one of <see cref="ChunkTypes"/>, or its worker's own.</summary>
    public string? Type { get; init; }

    public string? Content { get; init; }
    public JsonElement? Metadata { get; init; }

    /// <summary>Of <see cref="Why"/>: a word, and a sentence.</summary>
    public string? Code { get; init; }

    public string? Text { get; init; }

    /// <summary>Of <see cref="End"/>: the job's; null where the job is gone.</summary>
    public string? State { get; init; }

    public const string Why = "why";
    public const string End = "end";
}
