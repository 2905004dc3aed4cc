using System.Globalization;
using Microsoft.Data.Sqlite;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>The broker can't use its database; the message says what, why and how to mend it, in one line.</summary>
internal sealed class DatabaseException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// The broker's one SQLite file, opened, checked, migrated and locked against a second broker. Every connection to it
/// comes from here, so that every one syncs before it answers.
/// </summary>
internal sealed class Database : IDisposable
{
    public const int BusyTimeoutMs = 5000;

    /// <summary>Up to this size the whole file is checked at start; above it the job table is, and the others in the background.</summary>
    private const long WholeCheckBytes = 256L << 20;

    private const string Opened = "opened";
    private readonly FileStream lockFile;

    private Database(string path, FileStream lockFile) => (Path, this.lockFile) = (path, lockFile);

    public string Path { get; }

    /// <summary>What taking over a Python broker's file did; null where this was none.</summary>
    public TakeoverReport? Takeover { get; private set; }

    /// <summary>What a file of an earlier version became; null where this was none.</summary>
    public UpgradeReport? Upgrade { get; private set; }

    /// <summary>Opens or creates the file, and takes over a Python broker's.</summary>
    /// <exception cref="DatabaseException">The file can't be used.</exception>
    public static Database Open(string path)
    {
        var full = System.IO.Path.GetFullPath(path);
        var database = new Database(full, TakeLock(full));
        try
        {
            database.Prepare();
            return database;
        }
        catch (SqliteException e)
        {
            database.Dispose();
            throw new DatabaseException(Explain(e, full), e);
        }
        catch
        {
            database.Dispose();
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
        Mode = readOnly ? SqliteOpenMode.ReadOnly : SqliteOpenMode.ReadWriteCreate,
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
            foreach (var table in (string[])["job_payload", "job_result", "idempotency_key", "OrleansStorage", "OrleansRemindersTable"]) Check(connection, $"pragma quick_check({table})");
        }
        catch (SqliteException e)
        {
            throw new DatabaseException(Explain(e, Path), e);
        }
    }

    public void Dispose()
    {
        lockFile.Dispose();
        SqliteConnection.ClearAllPools();
    }

    public static void Configure(SqliteConnection connection, int cacheKiB = 4096)
    {
        connection.Execute(string.Create(CultureInfo.InvariantCulture, $"pragma busy_timeout = {BusyTimeoutMs}; pragma synchronous = full; pragma cache_size = -{cacheKiB}; pragma temp_store = memory"));
        if (connection.Scalar<long>("pragma synchronous") != 2) throw new DatabaseException("SQLite refuses synchronous=FULL; without it a power cut could lose acknowledged jobs. Use the SQLite library that comes with the broker.");
    }

    /// <summary>What a SQLite error at start means to a person.</summary>
    internal static string Explain(SqliteException e, string path) => e.SqliteErrorCode switch
    {
        SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB => Damaged(path, e.Message),
        SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED => $"The database {path} is in use by another program ({e.Message}). Stop that program (a Python broker, a sqlite3 shell), then start the broker again.",
        SQLitePCL.raw.SQLITE_READONLY or SQLitePCL.raw.SQLITE_CANTOPEN or SQLitePCL.raw.SQLITE_PERM => $"The database {path} can't be written ({e.Message}). Give the broker's user write access to the file and its folder, or point BROKER_DB elsewhere.",
        SQLitePCL.raw.SQLITE_FULL => $"The disk of {path} is full. Free some space, then start the broker again; nothing was changed.",
        _ => $"The database {path} can't be opened ({e.Message}). Check the disk and the file, then start the broker again; nothing was changed.",
    };

    internal static string Damaged(string path, string why) =>
        $"The database {path} is damaged ({why}). It was left as it is. Restore a backup with: mv {path} {path}.damaged; rm -f {path}-wal {path}-shm; cp BACKUP {path} - or save what can be read with: sqlite3 {path}.damaged .recover | sqlite3 {path}";

    private static FileStream TakeLock(string path)
    {
        var file = path + ".lock";
        try
        {
            var folder = System.IO.Path.GetDirectoryName(path)!;
            if (!Directory.Exists(folder)) CreatePrivate(folder);
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e.GetType() == typeof(IOException) && IsLocked(file))
        {
            throw new DatabaseException($"Another broker already runs on {path} (it holds {file}). Stop it first, or give this one another BROKER_DB.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatabaseException($"The place of the database {path} can't be written ({e.Message}). Give the broker's user write access to that folder, or point BROKER_DB elsewhere.", e);
        }
    }

    private static void CreatePrivate(string folder)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Whether the lock file can be read by nobody but its holder: a second look that needs no right to write.</summary>
    private static bool IsLocked(string file)
    {
        try
        {
            using var probe = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read);
            return false;
        }
        catch (IOException e) when (e.GetType() == typeof(IOException))
        {
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private void Prepare()
    {
        RefuseEmptied();
        using var connection = new SqliteConnection(ConnectionString());
        connection.Open();
        connection.Execute(string.Create(CultureInfo.InvariantCulture, $"pragma busy_timeout = {BusyTimeoutMs}"));
        // A new file's pages can be given back later; it must be said before anything is written.
        if (connection.Scalar<long>("pragma page_count") == 0) connection.Execute("pragma auto_vacuum = incremental");
        var checkAll = new FileInfo(Path).Length <= WholeCheckBytes || connection.Scalar<long>("select count(*) from sqlite_schema where name = 'job'") == 0;
        Check(connection, checkAll ? "pragma quick_check(1)" : "pragma quick_check(job)");
        if (connection.Scalar<string>("pragma journal_mode = wal") != "wal")
        {
            throw new DatabaseException($"The database {Path} can't be switched to write-ahead logging, which the broker needs. Put it on a local disk, not a network share.");
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
                throw new DatabaseException($"The database {Path} belongs to another program: it has tables, but not the broker's. Point BROKER_DB at the broker's own file.");
            case var older when older < Migrations.Newest:
                Upgrade = Migrations.Upgrade(connection, Path, (int)older);
                break;
            case var newer when Migrations.ReadableFrom(connection) is var from && from > Migrations.Newest:
                throw new DatabaseException(
                    $"The database {Path} was written by a newer broker (version {newer}, readable from version {from}; this one is {Migrations.Newest}). "
                    + $"Start that broker again, or put the backup in place that it made ({Path}.v{Migrations.Newest}-backup).");
        }
        lockFile.SetLength(0);
        lockFile.Write(System.Text.Encoding.ASCII.GetBytes(Opened));
        lockFile.Flush(flushToDisk: true);
    }

    /// <summary>An empty file where a broker's database once was opened is damage, not a beginning.</summary>
    private void RefuseEmptied()
    {
        if (lockFile.Length > 0 && File.Exists(Path) && new FileInfo(Path).Length == 0) throw new DatabaseException(Damaged(Path, "the file is empty, but it held jobs"));
    }

    private void Check(SqliteConnection connection, string pragma)
    {
        if (connection.Scalar<string>(pragma) is { } verdict && verdict != "ok") throw new DatabaseException(Damaged(Path, verdict.ReplaceLineEndings(" ")));
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
