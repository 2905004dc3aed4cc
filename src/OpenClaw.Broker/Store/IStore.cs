namespace OpenClaw.Broker.Store;

/// <summary>
/// Where rooms keep their own rows. What a call has written is on the disk when it completes. A write that throws
/// <see cref="StorageBusyException"/>, <see cref="StorageFullException"/> or <see cref="StorageFailedException"/> has certainly written nothing.
/// </summary>
internal interface IStore
{
    /// <summary>Writes all of a commit's changes, or none.</summary>
    /// <returns>The change that was refused; null where all was written.</returns>
    Task<Change?> WriteAsync(Commit commit);

    /// <summary>All rows of a query.</summary>
    /// <exception cref="OperationCanceledException">Nobody waits for it any more.</exception>
    Task<List<T>> ReadAsync<T>(Query<T> query, CancellationToken stop = default);
}

/// <summary>A question to the store. The text is a constant with parameters <c>?1</c>, <c>?2</c>, …: stores keep what they prepared by it.</summary>
/// <param name="Read">Makes a record of a row.</param>
/// <param name="Values">Texts, whole numbers and nulls.</param>
internal sealed record Query<T>(string Sql, Func<IRow, T> Read, params object?[] Values);
