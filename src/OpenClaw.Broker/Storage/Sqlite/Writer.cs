using System.Diagnostics;
using Microsoft.Data.Sqlite;
using OpenClaw.Broker.Store;
using OpenClaw.Programs;
using static SQLitePCL.raw;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>
/// The one connection that writes jobs. It takes what waits, writes it in one transaction, syncs, and only then answers
/// everybody: one sync for many.
/// </summary>
internal sealed partial class Writer : IDisposable
{
    public const int MaxBatch = 512;
    private const long MaxBatchBytes = 16L << 20;
    private const long MaxWaitingBytes = 64L << 20;
    private const int SqliteIoErrFsync = SQLITE_IOERR | (4 << 8);
    private const int SqliteIoErrDirFsync = SQLITE_IOERR | (5 << 8);
    private static readonly TimeSpan ReserveRetry = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim gate;
    private readonly object waitingChanged = new();
    private readonly Queue<WriteOperation> waiting = new();
    private readonly SqliteConnection connection;
    private readonly SqliteCommand begin;
    private readonly SqliteCommand commit;
    private readonly SqliteCommand rollback;
    private readonly WriterState state;
    private readonly DiskReserve reserve;
    private readonly TimeProvider clock;
    private readonly FatalError fatal;
    private readonly ILogger<Writer> log;
    private readonly Thread thread;
    private readonly List<WriteOperation> batch = new(MaxBatch);
    private long waitingBytes;
    private long lastReserveTry;
    private bool stopping;

    /// <param name="gate">Held during each transaction; other writers of this process hold it during theirs.</param>
    /// <param name="onFatal">Told when the process must end: after a failed sync, or on damage.</param>
    public Writer(Database database, WriteGate gate, DiskReserve reserve, TimeProvider clock, FatalError onFatal, ILogger<Writer> log)
    {
        (this.gate, this.reserve, this.clock, this.log, fatal) = (gate.Semaphore, reserve, clock, log, onFatal);
        connection = database.Connect(cacheKiB: 16 * 1024);
        connection.Execute("pragma wal_autocheckpoint = 1000; pragma journal_size_limit = 67108864");
        begin = Command("begin immediate");
        commit = Command("commit");
        rollback = Command("rollback");
        state = new WriterState(new JobStatements(connection), connection.Scalar<long>("select coalesce(max(seq), 0) from job"));
        reserve.TryTake();
        thread = new Thread(Run) { Name = "openclaw-writer", IsBackground = true };
        thread.Start();
    }

    /// <summary>Writes and syncs; the task completes afterwards.</summary>
    /// <exception cref="StorageBusyException">Too much waits, or the database is locked.</exception>
    /// <exception cref="StorageFullException">The disk is full.</exception>
    public Task WriteAsync(WriteOperation operation)
    {
        lock (waitingChanged)
        {
            if (stopping) operation.Fail(new StorageBusyException("the broker is shutting down"));
            else if (waiting.Count > 0 && waitingBytes + operation.Size > MaxWaitingBytes) operation.Fail(new StorageBusyException("too many writes are waiting"));
            else
            {
                waiting.Enqueue(operation);
                waitingBytes += operation.Size;
                if (waiting.Count == 1) Monitor.Pulse(waitingChanged);
            }
        }
        return operation.Done;
    }

    /// <summary>Writes what waits, then closes the connection.</summary>
    public void Dispose()
    {
        lock (waitingChanged)
        {
            if (stopping) return;
            stopping = true;
            Monitor.Pulse(waitingChanged);
        }
        thread.Join();
        try
        {
            // A clean stop leaves one file: whoever copies it has all of it.
            connection.Execute("pragma wal_checkpoint(truncate)");
        }
        catch (SqliteException e)
        {
            LogNotFolded(e);
        }
        state.Sql.Dispose();
        foreach (var command in (SqliteCommand[])[begin, commit, rollback]) command.Dispose();
        connection.Dispose();
    }

    private void Run()
    {
        while (TakeBatch())
        {
            try
            {
                RefuseOnFullDisk();
                if (batch.Count > 0) WriteBatch();
            }
            catch (Exception e)
            {
                foreach (var operation in batch) operation.Fail(new StorageFailedException(e.Message));
                fatal.End(ExitCodes.Internal, $"The writer failed in a way it does not know ({e.Message}); the broker stops, to recover from the log.", e);
            }
        }
    }

    private bool TakeBatch()
    {
        batch.Clear();
        lock (waitingChanged)
        {
            while (waiting.Count == 0)
            {
                if (stopping) return false;
                Monitor.Wait(waitingChanged);
            }
            for (var bytes = 0L; waiting.Count > 0 && batch.Count < MaxBatch && bytes < MaxBatchBytes;)
            {
                var operation = waiting.Dequeue();
                bytes += operation.Size;
                waitingBytes -= operation.Size;
                batch.Add(operation);
            }
        }
        return true;
    }

    /// <summary>While the reserve is spent, only what ends or holds running jobs may write.</summary>
    private void RefuseOnFullDisk()
    {
        if (!reserve.IsSpent) return;
        if (clock.GetElapsedTime(lastReserveTry) >= ReserveRetry)
        {
            lastReserveTry = clock.GetTimestamp();
            if (reserve.TryTake())
            {
                LogRoomAgain();
                return;
            }
        }
        foreach (var operation in batch.Where(o => !o.IsEssential)) operation.Fail(Full());
        batch.RemoveAll(static o => !o.IsEssential);
    }

    private void WriteBatch()
    {
        gate.Wait();
        try
        {
            if (TryTransaction(batch) is not { } failure) return;
            if (failure is StorageBusyException || batch.Count == 1 && failure is not StorageFullException)
            {
                foreach (var operation in batch) operation.Fail(failure);
                return;
            }
            // What broke the batch breaks alone; the rest is written, on a full disk out of the reserve.
            foreach (var operation in batch)
            {
                var why = reserve.IsSpent && !operation.IsEssential ? Full() : TryTransaction([operation]);
                if (why is not null) operation.Fail(why);
            }
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Writes the operations in one transaction and completes them.</summary>
    /// <returns>Why nothing was written; null where it was.</returns>
    private Exception? TryTransaction(List<WriteOperation> operations)
    {
        var lastSeq = state.LastSeq;
        try
        {
            begin.ExecuteNonQuery();
            foreach (var operation in operations)
            {
                operation.Execute(state);
                if (sqlite3_get_autocommit(connection.Handle!) != 0) throw new SqliteException("the transaction was rolled back", SQLITE_ABORT);
            }
            commit.ExecuteNonQuery();
        }
        catch (SqliteException e)
        {
            state.LastSeq = lastSeq;
            if (sqlite3_get_autocommit(connection.Handle!) == 0) rollback.ExecuteNonQuery();
            return Translate(e);
        }
        foreach (var operation in operations) operation.Complete();
        return null;
    }

    private Exception Translate(SqliteException e)
    {
        switch (e.SqliteErrorCode)
        {
            case SQLITE_BUSY or SQLITE_LOCKED:
                return new StorageBusyException("another program holds the database's write lock");
            case SQLITE_FULL:
                if (!reserve.IsSpent)
                {
                    reserve.GiveUp();
                    lastReserveTry = clock.GetTimestamp();
                    LogFull();
                }
                return Full();
            case SQLITE_IOERR when e.SqliteExtendedErrorCode is SqliteIoErrFsync or SqliteIoErrDirFsync:
                fatal.End(ExitCodes.Io, $"The disk did not sync ({e.Message}): what was written may or may not be on it. The broker stops; started again it recovers from the log. Check the disk.", e);
                break;
            case SQLITE_CORRUPT or SQLITE_NOTADB:
                fatal.End(ExitCodes.Io, DatabaseException.Damaged(connection.DataSource, e.Message), e);
                break;
        }
        LogFailed(e);
        return new StorageFailedException($"the database refused the write: {e.Message}");
    }

    private static StorageFullException Full() => new("the disk is full: new jobs are refused until there is room again; running jobs can still be finished");

    private SqliteCommand Command(string sql)
    {
        Debug.Assert(sql is "begin immediate" or "commit" or "rollback");
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // one of three constants
        command.CommandText = sql;
#pragma warning restore CA2100
        command.Prepare();
        return command;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The disk is full: new jobs are refused with 507; the reserve lets running jobs finish. Free some space")]
    private partial void LogFull();

    [LoggerMessage(Level = LogLevel.Information, Message = "There is room on the disk again: new jobs are accepted")]
    private partial void LogRoomAgain();

    [LoggerMessage(Level = LogLevel.Warning, Message = "The write-ahead log could not be folded into the database; keep the -wal file with it")]
    private partial void LogNotFolded(Exception e);

    [LoggerMessage(Level = LogLevel.Error, Message = "A write failed and was rolled back")]
    private partial void LogFailed(Exception e);
}
