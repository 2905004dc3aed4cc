using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using OpenClaw.Broker.Store;
using OpenClaw.Programs;
using static SQLitePCL.raw;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>
/// A bounded pool of reading connections, one statement each: a read sees every commit that was answered. A short read by key
/// takes microseconds and runs where it is called; a long one runs on one of two threads of their own, outside the thread pool that
/// grains and requests share.
/// </summary>
internal sealed class Readers : IDisposable
{
    private const int Connections = 4;

    /// <summary>So many long reads at once leave connections for the rest.</summary>
    private const int LongReads = Connections / 2;

    private readonly Database database;
    private readonly FatalError fatal;
    private readonly ConcurrentBag<Reader> idle;
    private readonly SemaphoreSlim free = new(Connections, Connections);
    private readonly SemaphoreSlim longReads = new(LongReads, LongReads);
    private readonly BlockingCollection<Action> work = [];

    public Readers(Database database, FatalError fatal)
    {
        (this.database, this.fatal) = (database, fatal);
        // All are open from the start: a read needs no file more when connections have taken all that there may be.
        idle = [.. Enumerable.Range(0, Connections).Select(_ => new Reader(database.Connect(readOnly: true)))];
        for (var n = 0; n < LongReads; n++) new Thread(Work) { Name = "openclaw-reader", IsBackground = true }.Start();
    }

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
            var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
            work.Add(() =>
            {
                try
                {
                    done.SetResult(Use(read));
                }
                catch (Exception e)
                {
                    done.SetException(e);
                }
            }, CancellationToken.None);
            return await done.Task;
        }
        finally
        {
            longReads.Release();
        }
    }

    public void Dispose()
    {
        work.CompleteAdding();
        while (idle.TryTake(out var reader)) reader.Dispose();
        free.Dispose();
        longReads.Dispose();
    }

    private void Work()
    {
        foreach (var read in work.GetConsumingEnumerable()) read();
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
