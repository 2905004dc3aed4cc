using Microsoft.Data.Sqlite;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>
/// What jobs wrote and asked under the Python broker: its two tables are moved into ours, also where an earlier version of ours had left
/// them as they were. Rows whose job is gone, or that are none of its program's, go.
/// </summary>
internal static class PythonStreams
{
    private const string Chunks = "job_chunks", Calls = "job_tool_calls";

    private static readonly string[] ChunkColumns = ["id", "job_id", "chunk_type", "content", "metadata", "created_at"];

    private static readonly string[] CallColumns =
        ["id", "job_id", "tool_name", "tool_args", "status", "result", "requested_at", "completed_at"];

    /// <summary>The tables of a file that <see cref="Move"/> would move.</summary>
    public static List<string> Find(SqliteConnection connection) =>
        [.. new[] { (Chunks, ChunkColumns), (Calls, CallColumns) }.Where(t => Has(connection, t.Item1, t.Item2)).Select(static t => t.Item1)];

    /// <summary>To be called in a transaction.</summary>
    public static void Move(SqliteConnection connection, List<string> tables)
    {
        if (tables.Contains(Chunks))
        {
            connection.Execute("""
                insert into chunk (id, seq, round, attempt, type, content, metadata, created_at)
                select c.id, j.seq, j.round, j.attempt, cast(c.chunk_type as text), cast(c.content as blob),
                  case when json_valid(c.metadata) and json_type(c.metadata) = 'object' then cast(json(c.metadata) as blob) end,
                  cast(coalesce(c.created_at, 0) as integer) * 1000
                from job_chunks c join job j on j.id = lower(c.job_id) where c.id > 0 and length(c.chunk_type) > 0;
                drop table job_chunks
                """);
        }
        if (tables.Contains(Calls))
        {
            connection.Execute("""
                insert into tool_call (id, seq, name, arguments, status, result, requested_at, completed_at)
                select c.id, j.seq, cast(c.tool_name as text),
                  case when json_valid(c.tool_args) and json_type(c.tool_args) = 'object' then cast(json(c.tool_args) as blob) end,
                  coalesce(cast(c.status as text), 'pending'), cast(c.result as blob), cast(coalesce(c.requested_at, 0) as integer) * 1000,
                  cast(c.completed_at as integer) * 1000
                from job_tool_calls c join job j on j.id = lower(c.job_id) where c.id > 0 and length(c.tool_name) > 0;
                drop table job_tool_calls
                """);
        }
        connection.Execute("update meta set last_chunk = max(last_chunk, coalesce((select max(id) from chunk), 0), "
            + "coalesce((select max(id) from tool_call), 0))");
    }

    /// <summary>Writes ours as the Python broker keeps them, into the main file of a connection that has the broker's attached as <c>ours</c>.</summary>
    public static void Write(SqliteConnection connection) => connection.Execute("""
        create table job_chunks (
          id integer primary key autoincrement, job_id text not null, chunk_type text not null, content text, metadata text, created_at integer not null,
          foreign key (job_id) references jobs(id) on delete cascade);
        insert into main.job_chunks select c.id, j.id, c.type, cast(c.content as text), cast(c.metadata as text), c.created_at / 1000
        from ours.chunk c join ours.job j on j.seq = c.seq order by c.id;
        create table job_tool_calls (
          id integer primary key autoincrement, job_id text not null, tool_name text not null, tool_args text, status text not null default 'pending',
          result text, requested_at integer not null, completed_at integer, foreign key (job_id) references jobs(id) on delete cascade);
        insert into main.job_tool_calls select t.id, j.id, t.name, cast(t.arguments as text), t.status, cast(t.result as text), t.requested_at / 1000,
          t.completed_at / 1000
        from ours.tool_call t join ours.job j on j.seq = t.seq order by t.id
        """);

    private static bool Has(SqliteConnection connection, string table, string[] columns)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "select count(*) from pragma_table_info($table) where instr($columns, ' ' || name || ' ') > 0 and "
            + "(select type from sqlite_schema where name = $table) = 'table'";
        command.Parameters.AddWithValue("$table", table);
        command.Parameters.AddWithValue("$columns", $" {string.Join(' ', columns)} ");
        return command.ExecuteScalar() is long found && found == columns.Length;
    }
}
