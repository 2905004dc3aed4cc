using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using OpenClaw.Broker.Store;
using OpenClaw.Programs;
using static SQLitePCL.raw;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>
/// A bounded pool of reading connections, one statement each: a read sees every commit that was answered. A short read by key
/// takes microseconds and runs where it is called; a long one runs on a thread of its own, outside the thread pool that grains
/// and requests share.
/// </summary>
internal sealed class Readers(Database database, FatalError fatal) : IDisposable
{
    private const int Connections = 4;

    // All are open from the start: a read needs no file more when connections have taken all that there may be.
    private readonly ConcurrentBag<Reader> idle = [.. Enumerable.Range(0, Connections).Select(_ => new Reader(database.Connect(readOnly: true)))];
    private readonly SemaphoreSlim free = new(Connections, Connections);

    // Two long reads at once leave connections for the rest.
    private readonly SemaphoreSlim longReads = new(Connections / 2, Connections / 2);

    public async ValueTask<T> ReadAsync<T>(Func<Statements, T> read)
    {
        await free.WaitAsync();
        return Use(read);
    }

    /// <summary>As <see cref="ReadAsync"/>, for reads of many rows or of long texts.</summary>
    /// <exception cref="OperationCanceledException">Nobody waits for it any more.</exception>
    public async Task<T> ReadLongAsync<T>(Func<Statements, T> read, CancellationToken stop = default)
    {
        await longReads.WaitAsync(stop);
        try
        {
            await free.WaitAsync(stop);
            return await Task.Factory.StartNew(() => Use(read), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        finally
        {
            longReads.Release();
        }
    }

    public void Dispose()
    {
        while (idle.TryTake(out var reader)) reader.Dispose();
        free.Dispose();
        longReads.Dispose();
    }

    private T Use<T>(Func<Statements, T> read)
    {
        idle.TryTake(out var reader); // there is one for each who passed the gate
        try
        {
            return read(reader!.Statements);
        }
        catch (SqliteException e) when (e.SqliteErrorCode is SQLITE_CORRUPT or SQLITE_NOTADB)
        {
            fatal.End(ExitCodes.Io, DatabaseException.Damaged(database.Path, e.Message), e);
            throw;
        }
        finally
        {
            idle.Add(reader!);
            free.Release();
        }
    }

    private sealed class Reader(SqliteConnection connection) : IDisposable
    {
        public Statements Statements { get; } = new(connection);

        public void Dispose()
        {
            Statements.Dispose();
            connection.Dispose();
        }
    }
}
