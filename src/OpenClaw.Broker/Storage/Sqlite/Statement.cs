using Microsoft.Data.Sqlite;
using OpenClaw.Broker.Store;
using SQLitePCL;
using static SQLitePCL.raw;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>
/// A prepared statement whose parameters are bound and whose columns are read by position: on the hot path, binding by name
/// costs as much as SQLite itself.
/// </summary>
internal sealed class Statement : IParameters, IRow, IDisposable
{
    private readonly sqlite3 database;
    private readonly sqlite3_stmt handle;

    /// <exception cref="SqliteException">The text is not SQL of this database.</exception>
    public Statement(SqliteConnection connection, string sql)
    {
        database = connection.Handle!;
        Check(sqlite3_prepare_v3(database, sql, SQLITE_PREPARE_PERSISTENT, out handle));
    }

    // What is null is left alone: a reset clears all, and most columns of most rows are null.
    public void Set(int index, long? value)
    {
        if (value is { } number) CheckBinding(sqlite3_bind_int64(handle, index, number));
    }

    public void Set(int index, string? value)
    {
        if (value is not null) CheckBinding(sqlite3_bind_text(handle, index, value));
    }

    public void Set(int index, byte[]? value)
    {
        if (value is null) return;
        // An empty span would be bound as null.
        CheckBinding(value.Length == 0 ? sqlite3_bind_zeroblob(handle, index, 0) : sqlite3_bind_blob(handle, index, value));
    }

    public long? Number(int column) => IsNull(column) ? null : sqlite3_column_int64(handle, column);

    public string? Text(int column) => IsNull(column) ? null : sqlite3_column_text(handle, column).utf8_to_string();

    public byte[]? Blob(int column) => IsNull(column) ? null : sqlite3_column_blob(handle, column).ToArray();

    /// <summary>Executes it to its end and returns how many rows it changed.</summary>
    /// <exception cref="SqliteException">It failed.</exception>
    public int Run()
    {
        try
        {
            while (Step())
            {
            }
            return sqlite3_changes(database);
        }
        finally
        {
            Reset();
        }
    }

    /// <summary>The first row, mapped; the default where there is none.</summary>
    public T? First<T>(Func<IRow, T> map)
    {
        try
        {
            return Step() ? map(this) : default;
        }
        finally
        {
            Reset();
        }
    }

    /// <summary>All rows, mapped.</summary>
    public List<T> List<T>(Func<IRow, T> map, CancellationToken stop = default)
    {
        var rows = new List<T>();
        try
        {
            while (Step())
            {
                stop.ThrowIfCancellationRequested();
                rows.Add(map(this));
            }
            return rows;
        }
        finally
        {
            Reset();
        }
    }

    public void Dispose() => handle.Dispose();

    private bool Step()
    {
        var code = sqlite3_step(handle);
        Check(code);
        return code == SQLITE_ROW;
    }

    private void Reset()
    {
        _ = sqlite3_reset(handle);
        _ = sqlite3_clear_bindings(handle);
    }

    private void CheckBinding(int code)
    {
        if (code == SQLITE_OK) return;
        Reset();
        Check(code);
    }

    private bool IsNull(int column) => sqlite3_column_type(handle, column) == SQLITE_NULL;

    private void Check(int code)
    {
        if (code is not (SQLITE_OK or SQLITE_ROW or SQLITE_DONE)) SqliteException.ThrowExceptionForRC(code, database);
    }
}

/// <summary>The statements that a connection has prepared, kept by the text's identity: texts are constants.</summary>
internal sealed class Statements(SqliteConnection connection) : IDisposable
{
    private readonly Dictionary<string, Statement> prepared = new(ReferenceEqualityComparer.Instance as IEqualityComparer<string>);

    public Statement this[string sql] => prepared.TryGetValue(sql, out var statement) ? statement : prepared[sql] = new Statement(connection, sql);

    public void Dispose()
    {
        foreach (var statement in prepared.Values) statement.Dispose();
    }
}
