using OpenClaw.Broker.Http;
using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Links;

/// <summary>A batch to create.</summary>
/// <param name="Entries">In the order in which they were sent.</param>
internal sealed record NewBatch(Guid Id, IReadOnlyList<BatchEntry> Entries, NewJob? OnSuccess, NewJob? OnComplete)
{
    public const int Most = 1000;

    /// <summary>The id of a batch, with room for the places of its jobs: the ids of a batch that was made before follow from one of them.</summary>
    public static Guid IdOf(Guid any) => Place(any, 0);

    /// <param name="place">From 1; 0 is the batch itself.</param>
    public static Guid Place(Guid batch, ushort place)
    {
        Span<byte> bytes = stackalloc byte[16];
        batch.TryWriteBytes(bytes, bigEndian: true, out _);
        (bytes[14], bytes[15]) = ((byte)(place >> 8), (byte)place);
        return new Guid(bytes, bigEndian: true);
    }
}

/// <summary>A job of a batch, and what becomes of it.</summary>
internal sealed class BatchEntry(string[] within, string? refName, NewJob? job, ProblemException? error)
{
    /// <summary>Where in the body it stands.</summary>
    public string[] Within => within;

    /// <summary>By which others of the batch name it.</summary>
    public string? Ref => refName;

    /// <summary>Null where it can't be read.</summary>
    public NewJob? Job { get; set; } = job;

    /// <summary>Why it is not made.</summary>
    public ProblemException? Error { get; set; } = error;

    /// <summary>The job that has its unique key, and stands for it.</summary>
    public Job? Found { get; set; }

    /// <summary>How often it was found out who has its unique key.</summary>
    public int Settlings { get; set; }

    /// <summary>Those of its parents that are no jobs of the batch, once they are found.</summary>
    public IReadOnlyList<Parent>? Outside { get; set; }

    public bool IsToBeMade => Error is null && Found is null;

    /// <summary>The job that others of the batch wait for when they name it.</summary>
    public Guid Id => Found?.Id ?? Job!.Id;
}
