using Microsoft.Data.Sqlite;
using SQLitePCL;
using static SQLitePCL.raw;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>A prepared statement with parameters bound by position, counted from 1: the writer's hot path, where binding by name costs as much as SQLite itself.</summary>
internal sealed class Statement : IDisposable
{
    private readonly sqlite3 database;
    private readonly sqlite3_stmt handle;

    /// <exception cref="SqliteException">The text is not SQL of this database.</exception>
    public Statement(SqliteConnection connection, string sql)
    {
        database = connection.Handle!;
        Check(sqlite3_prepare_v3(database, sql, SQLITE_PREPARE_PERSISTENT, out handle));
    }

    public void Bind(int index, long value) => Check(sqlite3_bind_int64(handle, index, value));

    public void Bind(int index, long? value)
    {
        if (value is { } number) Bind(index, number);
        else Check(sqlite3_bind_null(handle, index));
    }

    public void Bind(int index, string? value) => Check(value is null ? sqlite3_bind_null(handle, index) : sqlite3_bind_text(handle, index, value));

    public void Bind(int index, byte[]? value) => Check(value switch
    {
        null => sqlite3_bind_null(handle, index),
        [] => sqlite3_bind_zeroblob(handle, index, 0), // an empty span would be bound as null
        _ => sqlite3_bind_blob(handle, index, value),
    });

    /// <summary>Executes it and returns how many rows it changed.</summary>
    /// <exception cref="SqliteException">It failed.</exception>
    public int Run()
    {
        try
        {
            Check(sqlite3_step(handle));
            return sqlite3_changes(database);
        }
        finally
        {
            _ = sqlite3_reset(handle);
        }
    }

    public void Dispose() => handle.Dispose();

    private void Check(int code)
    {
        if (code is not (SQLITE_OK or SQLITE_ROW or SQLITE_DONE)) SqliteException.ThrowExceptionForRC(code, database);
    }
}
