using System.Globalization;
using Microsoft.Data.Sqlite;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>
/// The broker's one SQLite file, opened, checked, migrated and locked against a second broker. Every connection to it
/// comes from here, so that every one syncs before it answers.
/// </summary>
internal sealed class Database : IDisposable
{
    public const int BusyTimeoutMs = 5000;

    /// <summary>Up to this size the whole file is checked at start; above it the job table is, and the others in the background.</summary>
    private const long WholeCheckBytes = 256L << 20;

    /// <summary>The first version whose files say how far they have come.</summary>
    private const int MarkedSince = 2;

    private readonly DatabaseFile file;

    private Database(DatabaseFile file) => this.file = file;

    /// <summary>The file's real path, links followed.</summary>
    public string Path => file.Path;

    /// <summary>Whether the path still leads to the file that is open.</summary>
    public bool IsInPlace => file.IsInPlace;

    /// <summary>What taking over a Python broker's file did; null where this was none.</summary>
    public TakeoverReport? Takeover { get; private set; }

    /// <summary>What a file of an earlier version became; null where this was none.</summary>
    public UpgradeReport? Upgrade { get; private set; }

    /// <summary>Opens or creates the file, and takes over a Python broker's.</summary>
    /// <exception cref="DatabaseException">The file can't be used.</exception>
    public static Database Open(string path)
    {
        var database = new Database(DatabaseFile.Take(path));
        try
        {
            database.Prepare();
            return database;
        }
        catch (Exception e)
        {
            database.file.Dispose();
            if (e is SqliteException sqlite) throw DatabaseException.From(sqlite, database.Path);
            throw;
        }
    }

    /// <summary>A new connection, synced to the disk at every commit.</summary>
    public SqliteConnection Connect(bool readOnly = false, int cacheKiB = 4096)
    {
        var connection = new SqliteConnection(ConnectionString(readOnly));
        connection.Open();
        Configure(connection, cacheKiB);
        return connection;
    }

    public string ConnectionString(bool readOnly = false) => new SqliteConnectionStringBuilder
    {
        DataSource = Path,
        Mode = readOnly ? SqliteOpenMode.ReadOnly : SqliteOpenMode.ReadWrite,
        Pooling = false,
        DefaultTimeout = BusyTimeoutMs / 1000,
    }.ToString();

    /// <summary>Checks what the start left out, where the file is large. To be run in the background.</summary>
    /// <exception cref="DatabaseException">The file is damaged.</exception>
    public void CheckRest()
    {
        if (new FileInfo(Path).Length <= WholeCheckBytes) return;
        try
        {
            using var connection = Connect(readOnly: true);
            foreach (var table in (string[])["job_payload", "job_result", "job_event", "chunk", "idempotency_key", "OrleansStorage",
                "OrleansRemindersTable"]) Check(connection, $"pragma quick_check({table})");
        }
        catch (SqliteException e)
        {
            throw DatabaseException.From(e, Path);
        }
    }

    /// <summary>How far the file has come; null where it is of a version that can't tell.</summary>
    public static FileMark? ReadMark(SqliteConnection connection)
    {
        if (connection.Scalar<long>("pragma user_version") < MarkedSince) return null;
        return new FileMark(connection.Scalar<string>("select file_id from meta")!, connection.Scalar<long>("select last_seq from meta"));
    }

    /// <summary>How far the steady clock has come, as the file knows.</summary>
    public SteadyTime ReadSteadyTime()
    {
        using var connection = Connect(readOnly: true);
        return new SteadyTime(connection.Scalar<long>("select max(steady_ms, coalesce((select max(created_at) from idempotency_key), 0)) from meta"));
    }

    /// <summary>Notes beside the file how far it has come, and returns that.</summary>
    public FileMark? Remember(SqliteConnection connection)
    {
        var mark = ReadMark(connection);
        file.Remember(mark);
        return mark;
    }

    public void Dispose()
    {
        try
        {
            if (IsInPlace)
            {
                using var connection = Connect();
                Remember(connection);
            }
        }
        catch (SqliteException)
        {
            // What was noted last stands.
        }
        file.Dispose();
    }

    public static void Configure(SqliteConnection connection, int cacheKiB = 4096)
    {
        connection.Execute(string.Create(CultureInfo.InvariantCulture,
            $"pragma busy_timeout = {BusyTimeoutMs}; pragma synchronous = full; pragma cache_size = -{cacheKiB}; pragma temp_store = memory"));
        if (connection.Scalar<long>("pragma synchronous") != 2) throw new DatabaseException("SQLite refuses synchronous=FULL; without it a power cut "
            + "could lose acknowledged jobs. Use the SQLite library that comes with the broker.");
    }

    private void Prepare()
    {
        using var connection = new SqliteConnection(ConnectionString());
        connection.Open();
        connection.Execute(string.Create(CultureInfo.InvariantCulture, $"pragma busy_timeout = {BusyTimeoutMs}"));
        // A new file's pages can be given back later; it must be said before anything is written.
        if (connection.Scalar<long>("pragma page_count") == 0) connection.Execute("pragma auto_vacuum = incremental");
        var checkAll = new FileInfo(Path).Length <= WholeCheckBytes || connection.Scalar<long>("select count(*) from sqlite_schema where name = 'job'") == 0;
        Check(connection, checkAll ? "pragma quick_check(1)" : "pragma quick_check(job)");
        if (ReadMark(connection) is { } mark) file.RefuseBehind(mark);
        if (connection.Scalar<string>("pragma journal_mode = wal") != "wal")
        {
            throw new DatabaseException($"The database {Path} can't be switched to write-ahead logging, which the broker needs. Put it on a local "
                + "disk, not a network share.");
        }
        Configure(connection);
        switch (connection.Scalar<long>("pragma user_version"))
        {
            case var version when version == Migrations.Newest:
                break;
            case 0 when PythonTakeover.Applies(connection):
                Takeover = PythonTakeover.Run(connection, Path);
                break;
            case 0 when connection.Scalar<long>("select count(*) from sqlite_schema") == 0:
                Create(connection);
                break;
            case 0:
                throw new DatabaseException($"The database {Path} belongs to another program: it has tables, but not the broker's. Point BROKER_DB at "
                    + "the broker's own file.");
            case var older when older < Migrations.Newest:
                Upgrade = Migrations.Upgrade(connection, Path, (int)older);
                break;
            case var newer when Migrations.ReadableFrom(connection) is var from && from > Migrations.Newest:
                throw new DatabaseException(
                    $"The database {Path} was written by a newer broker (version {newer}, readable from version {from}; this one is {Migrations.Newest}). "
                    + $"Start that broker again, or put the backup in place that it made ({Path}.v{Migrations.Newest}-backup).");
        }
        MoveStreams(connection);
        Recognize(connection);
    }

    /// <summary>Also of a file that was taken over by a version that left them where they were.</summary>
    private static void MoveStreams(SqliteConnection connection)
    {
        if (PythonStreams.Find(connection) is not { Count: > 0 } tables) return;
        using var transaction = connection.BeginTransaction(deferred: false);
        PythonStreams.Move(connection, tables);
        transaction.Commit();
    }

    /// <summary>A file that was not here before (new, taken over, restored or moved) gets a name of its own.</summary>
    private void Recognize(SqliteConnection connection)
    {
        var mark = ReadMark(connection);
        if (mark is not null && mark.FileId != file.Seen?.FileId)
        {
            connection.Execute("update meta set file_id = lower(hex(randomblob(16)))");
            mark = ReadMark(connection);
        }
        file.Remember(mark, sync: true);
    }

    private void Check(SqliteConnection connection, string pragma)
    {
        if (connection.Scalar<string>(pragma) is { } verdict
            && verdict != "ok") throw new DatabaseException(DatabaseException.Damaged(Path, verdict.ReplaceLineEndings(" ")));
    }

    private static void Create(SqliteConnection connection)
    {
        Migrations.Prepare(connection);
        using var transaction = connection.BeginTransaction(deferred: false);
        Migrations.Create(connection);
        transaction.Commit();
    }
}

/// <summary>One-line commands.</summary>
internal static class SqliteShortcuts
{
    public static int Execute(this SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // every caller's text is a constant or holds numbers alone
        command.CommandText = sql;
#pragma warning restore CA2100
        return command.ExecuteNonQuery();
    }

    public static T? Scalar<T>(this SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // as above
        command.CommandText = sql;
#pragma warning restore CA2100
        return command.ExecuteScalar() is T value ? value : default;
    }
}
