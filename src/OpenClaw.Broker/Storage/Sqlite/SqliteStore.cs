using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>The rooms' own rows in SQLite: writes through the one writer, reads from the pool.</summary>
internal sealed class SqliteStore(Writer writer, Readers readers) : IStore
{
    public Task<Change?> WriteAsync(Commit commit) => writer.WriteAsync(commit);

    public Task<List<T>> ReadAsync<T>(Query<T> query, CancellationToken stop = default) => readers.ReadLongAsync(sql =>
    {
        var statement = sql[query.Sql];
        for (var i = 0; i < query.Values.Length; i++) Bind(statement, i + 1, query.Values[i]);
        return statement.List(query.Read, stop);
    }, stop);

    private static void Bind(Statement statement, int index, object? value)
    {
        switch (value)
        {
            case null or string:
                statement.Set(index, (string?)value);
                break;
            case byte[] bytes:
                statement.Set(index, bytes);
                break;
            default:
                statement.Set(index, Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture));
                break;
        }
    }
}
