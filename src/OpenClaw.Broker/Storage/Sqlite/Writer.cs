using Microsoft.Data.Sqlite;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;
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
    private readonly Queue<Commit> waiting = new();
    private readonly SqliteConnection connection;
    private readonly Statement begin;
    private readonly Statement end;
    private readonly Statement rollback;
    private readonly Statements sql;
    private readonly Ledger ledger;
    private readonly Counts counts = new();
    private readonly AuditWriter audit;
    private readonly LogFolding folding;
    private readonly HeldJobs held;
    private readonly DiskReserve reserve;
    private readonly Clock clock;
    private readonly WriteOutages outages;
    private readonly FatalError fatal;
    private readonly ILogger<Writer> log;
    private readonly Thread thread;
    private readonly List<Commit> batch = new(MaxBatch);
    private long waitingBytes;
    private long lastReserveTry;
    private bool stopping;

    /// <param name="gate">Held during each transaction; other writers of this process hold it during theirs.</param>
    /// <param name="onFatal">Told when the process must end: after a failed sync, or on damage.</param>
    public Writer(Database database, WriteGate gate, DiskReserve reserve, Clock clock, WriteOutages outages, HeldJobs held,
        FatalError onFatal, ILogger<Writer> log)
    {
        (this.gate, this.reserve, this.clock, this.outages, this.held, this.log, fatal) = (gate.Semaphore, reserve, clock, outages, held, log, onFatal);
        connection = database.Connect(cacheKiB: 16 * 1024);
        connection.Execute("pragma wal_autocheckpoint = 1000; pragma journal_size_limit = 67108864; pragma secure_delete = on");
        sql = new Statements(connection);
        (begin, end, rollback) = (sql["begin immediate"], sql["commit"], sql["rollback"]);
        ledger = new Ledger(sql["select last_seq, last_accepted, last_chunk from meta"].First(static row =>
            new LedgerState(row.Number(0)!.Value, row.Number(1)!.Value, row.Number(2)!.Value)));
        audit = new AuditWriter(sql);
        folding = new LogFolding(connection, this.gate, log);
        foreach (var (token, jobs, bytes) in sql["select token, jobs, bytes from token_count"].List(static row =>
            (row.Text(0)!, row.Number(1)!.Value, row.Number(2)!.Value))) held.Move(token, jobs, bytes);
        reserve.TryTake();
        thread = new Thread(Run) { Name = "openclaw-writer", IsBackground = true };
        thread.Start();
    }

    /// <summary>The newest job's place in the order; perhaps of one that is only being written.</summary>
    public long LastSeq => ledger.State.Seq;

    /// <summary>Writes and syncs; the task completes afterwards, with the change that was refused, if any.</summary>
    /// <exception cref="StorageBusyException">Too much waits, or the database is locked.</exception>
    /// <exception cref="StorageFullException">The disk is full.</exception>
    public Task<Change?> WriteAsync(Commit commit)
    {
        lock (waitingChanged)
        {
            if (stopping) commit.Fail(new StorageBusyException("the broker is shutting down"));
            else if (waiting.Count > 0 && waitingBytes + commit.Size > MaxWaitingBytes) commit.Fail(new StorageBusyException("too many writes are waiting"));
            else
            {
                waiting.Enqueue(commit);
                waitingBytes += commit.Size;
                if (waiting.Count == 1) Monitor.Pulse(waitingChanged);
            }
        }
        return commit.Done;
    }

    /// <inheritdoc cref="LogFolding.FoldAsync"/>
    public Task<bool> FoldAsync() => folding.FoldAsync();

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
        folding.FoldAtTheEnd();
        audit.Dispose();
        sql.Dispose();
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
                foreach (var commit in batch) commit.Fail(new StorageFailedException(e.Message));
                fatal.End(ExitCodes.Internal, $"The writer failed in a way it does not know ({e.Message}). The broker stops; started again it recovers from "
                    + "the log. Report it, with this line.", e);
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
                var commit = waiting.Dequeue();
                bytes += commit.Size;
                waitingBytes -= commit.Size;
                batch.Add(commit);
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
        foreach (var commit in batch.Where(static c => !c.IsEssential)) commit.Fail(Full());
        batch.RemoveAll(static c => !c.IsEssential);
    }

    private void WriteBatch()
    {
        var begun = clock.GetTimestamp();
        gate.Wait();
        try
        {
            var outcome = TryTransaction(batch);
            if (outcome is not null || clock.GetElapsedTime(begun) > WriteOutages.Long) outages.Note();
            if (outcome is not { } failure) return;
            if (failure is StorageBusyException || batch.Count == 1 && failure is not StorageFullException)
            {
                foreach (var commit in batch) commit.Fail(failure);
                return;
            }
            // What broke the batch breaks alone; the rest is written, on a full disk out of the reserve.
            foreach (var commit in batch)
            {
                var why = reserve.IsSpent && !commit.IsEssential ? Full() : TryTransaction([commit]);
                if (why is not null) commit.Fail(why);
            }
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Writes the commits in one transaction and completes them.</summary>
    /// <returns>Why nothing was written; null where it was.</returns>
    private Exception? TryTransaction(List<Commit> commits)
    {
        var numbered = ledger.State;
        try
        {
            begin.Run();
            foreach (var commit in commits) Execute(commit);
            if (ledger.State != numbered) WriteLedger();
            counts.Flush(sql);
            audit.Flush(sql, clock.SteadyNow);
            end.Run();
            audit.Keep();
            counts.Keep(held);
        }
        catch (SqliteException e)
        {
            ledger.Return(numbered);
            counts.Clear();
            audit.Clear();
            if (IsRolledBack) return Translate(e);
            rollback.Run();
            return Translate(e);
        }
        foreach (var commit in commits) commit.Complete();
        return null;
    }

    private bool IsRolledBack => sqlite3_get_autocommit(connection.Handle!) != 0;

    /// <summary>Executes a commit's changes. One that is refused takes back those before it; it is no reason to break the batch.</summary>
    private void Execute(Commit commit)
    {
        (commit.Refused, commit.IsDuplicate) = (null, false);
        var changes = commit.Changes;
        var mayTakeBack = false;
        for (var i = 1; i < changes.Count; i++) mayTakeBack |= changes[i].CanBeRefused;
        if (mayTakeBack) sql["savepoint one"].Run();
        foreach (var change in changes)
        {
            if (TryExecute(commit, change)) continue;
            commit.Refused = change;
            if (mayTakeBack) sql["rollback to one"].Run();
            break;
        }
        if (mayTakeBack) sql["release one"].Run();
        if (commit.Refused is not null) return;
        for (var i = 0; i < changes.Count; i++) changes[i].Count(counts);
        if (commit.Noted is { } noted) audit.Add(noted);
    }

    private bool TryExecute(Commit commit, Change change)
    {
        change.Number(ledger);
        var statement = sql[change.Sql];
        change.Bind(statement);
        int rows;
        try
        {
            rows = statement.Run();
        }
        catch (SqliteException e) when (change.CanBeRefused && e.SqliteExtendedErrorCode == SQLITE_CONSTRAINT_UNIQUE)
        {
            commit.IsDuplicate = true;
            return false;
        }
        if (IsRolledBack) throw new SqliteException("the transaction was rolled back", SQLITE_ABORT);
        change.Executed(rows);
        return rows > 0 || !change.CanBeRefused;
    }

    private void WriteLedger()
    {
        var statement = sql["update meta set last_seq = ?1, last_accepted = ?2, last_chunk = ?3"];
        statement.Set(1, ledger.State.Seq);
        statement.Set(2, ledger.State.Accepted);
        statement.Set(3, ledger.State.Chunk);
        statement.Run();
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
                fatal.End(ExitCodes.Io, $"The disk did not sync ({e.Message}): what was written may or may not be on it. The broker stops; started "
                    + "again it recovers from the log. Check the disk.", e);
                break;
            case SQLITE_CORRUPT or SQLITE_NOTADB:
                fatal.End(ExitCodes.Io, DatabaseException.Damaged(connection.DataSource, e.Message), e);
                break;
        }
        LogFailed(e);
        return new StorageFailedException($"the database refused the write: {e.Message}");
    }

    private static StorageFullException Full() => new("the disk is full: new jobs are refused until there is room again; running jobs can still be finished");

    [LoggerMessage(Level = LogLevel.Error, Message = "The disk is full: new jobs are refused with 507; the reserve lets running jobs finish. Free some space")]
    private partial void LogFull();

    [LoggerMessage(Level = LogLevel.Information, Message = "There is room on the disk again: new jobs are accepted")]
    private partial void LogRoomAgain();

    [LoggerMessage(Level = LogLevel.Error, Message = "A write failed and was rolled back")]
    private partial void LogFailed(Exception e);
}
