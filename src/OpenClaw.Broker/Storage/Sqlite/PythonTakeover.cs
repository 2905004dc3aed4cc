using System.Globalization;
using Microsoft.Data.Sqlite;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>What became of a Python broker's file.</summary>
/// <param name="Jobs">How many were taken over.</param>
/// <param name="Quarantined">The rowid and the reason of each that went unchanged to <c>seed_quarantine</c>.</param>
/// <param name="Kept">The tables that stay as they are, though the broker doesn't read them.</param>
/// <param name="Backup">The copy of the file as it was.</param>
internal sealed record TakeoverReport(int Jobs, IReadOnlyList<(long RowId, string Reason)> Quarantined, IReadOnlyList<string> Kept, string Backup);

/// <summary>
/// Takes over the Python broker's file, of any of its versions: a backup first, then everything in one transaction. Ids,
/// texts and times of <c>jobs</c> stay, the order is that of creation; nothing else in the file is touched.
/// </summary>
internal static class PythonTakeover
{
    public static bool Applies(SqliteConnection connection)
    {
        var columns = Columns(connection, "jobs");
        return connection.Scalar<string>("select type from sqlite_schema where name = 'jobs'") == "table" && PythonRow.RequiredColumns.All(columns.Contains);
    }

    /// <exception cref="DatabaseException">The file is damaged, or has a table of its own whose name the broker needs.</exception>
    public static TakeoverReport Run(SqliteConnection connection, string path)
    {
        Migrations.Prepare(connection);
        TakeoverReport report = null!;
        try
        {
            var backup = Backup.Before(connection, path, ".seed-backup", () => report = Move(connection));
            return report with { Backup = backup };
        }
        catch (SqliteException e) when (e.Message.Contains("already", StringComparison.Ordinal))
        {
            throw new DatabaseException(
                $"The Python broker's database {path} can't be taken over: something in it has a name that the broker needs ({e.Message}). Rename that, "
                + $"for example with: sqlite3 {path} 'alter table NAME rename to my_NAME' - then start the broker again; nothing was changed.", e);
        }
    }

    private static TakeoverReport Move(SqliteConnection connection)
    {
        var kept = Strings(connection,
            "select name from sqlite_schema where type = 'table' and name <> 'jobs' and name not like 'sqlite\\_%' escape '\\' order by name");
        var isPlain = Columns(connection, "jobs").IsSubsetOf(PythonRow.Columns)
            && connection.Scalar<long>("select count(*) from sqlite_schema where type = 'trigger' and tbl_name = 'jobs' collate nocase") == 0;
        PutTables(connection);
        var (jobs, quarantined) = MoveRows(connection);
        if (isPlain) connection.Execute("drop table seed_jobs");
        else kept.Add("seed_jobs");
        return new TakeoverReport(jobs, quarantined, kept, "");
    }

    /// <summary>
    /// Renames the table to <c>seed_jobs</c> and makes ours. A table that refers to it refers to <c>job</c> afterwards, since
    /// <c>jobs</c> becomes a view; views and triggers go on to speak of <c>jobs</c>.
    /// </summary>
    private static void PutTables(SqliteConnection connection)
    {
        const string Others = "from sqlite_schema where type in ('view', 'trigger') and tbl_name <> 'jobs' collate nocase";
        var texts = Strings(connection, $"select sql {Others} order by rowid");
        foreach (var drop in Strings(connection, $"select format('drop %s if exists \"%w\"', type, name) {Others}")) connection.Execute(drop);
        foreach (var index in Strings(connection,
            "select format('drop index \"%w\"', name) from sqlite_schema where type = 'index' and tbl_name = 'jobs' collate nocase and sql is not null"))
        {
            connection.Execute(index);
        }
        connection.Execute("pragma legacy_alter_table = off; alter table jobs rename to job; pragma legacy_alter_table = on; alter table job rename "
            + "to seed_jobs");
        Migrations.Create(connection);
        foreach (var text in texts) connection.Execute(text);
    }

    private static (int Jobs, List<(long RowId, string Reason)> Quarantined) MoveRows(SqliteConnection connection)
    {
        connection.Execute("create table seed_quarantine as select '' as reason, * from seed_jobs where false");
        var count = 0;
        var quarantined = new List<(long, string)>();
        using var sql = new Statements(connection);
        var ledger = new Ledger(default);
        var counts = new Counts();
        foreach (var (rowId, row) in Rows(connection))
        {
            try
            {
                Insert(row.Read());
                count++;
            }
            catch (FormatException e)
            {
                SetAside(rowId, e.Message);
            }
            catch (SqliteException e) when (e.SqliteErrorCode == SQLitePCL.raw.SQLITE_CONSTRAINT)
            {
                SetAside(rowId, $"the new table refuses it ({e.Message})");
            }
        }
        counts.Flush(sql);
        sql["insert into queue (name) select distinct queue from job"].Run();
        connection.Execute(string.Create(CultureInfo.InvariantCulture, $"update meta set from_python = 1, last_seq = {ledger.State.Seq}, "
            + $"last_accepted = {ledger.State.Accepted}"));
        if (quarantined.Count == 0) connection.Execute("drop table seed_quarantine");
        return (count, quarantined);

        void Insert((Job Job, byte[] Payload, JobEnd End) read)
        {
            var insert = new JobInsert(read.Job with { PayloadBytes = read.Payload.Length });
            Execute(insert);
            Execute(new PayloadInsert(insert, read.Payload));
            if (!read.End.IsEmpty) Execute(new ResultInsert(insert.Job.Seq, read.End.Result, read.End.Error));
            insert.Count(counts);
        }

        void Execute(Change change)
        {
            change.Number(ledger);
            var statement = sql[change.Sql];
            change.Bind(statement);
            statement.Run();
        }

        void SetAside(long rowId, string reason)
        {
            Quarantine(connection, rowId, reason);
            quarantined.Add((rowId, reason));
        }
    }

    private static IEnumerable<(long RowId, PythonRow Row)> Rows(SqliteConnection connection)
    {
        string[] present = [.. PythonRow.Columns.Where(Columns(connection, "seed_jobs").Contains)];
        using var command = connection.CreateCommand();
        // Texts come as blobs, so that NUL and what is not UTF-8 arrive as they are.
        var list = string.Join(", ", present.Select(c => $"case typeof({c}) when 'text' then cast({c} as blob) else {c} end"));
#pragma warning disable CA2100 // the names are from the list above
        command.CommandText = $"select rowid, {list} from seed_jobs order by created_at, rowid";
#pragma warning restore CA2100
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            var values = new Dictionary<string, object?>(present.Length);
            for (var i = 0; i < present.Length; i++) values[present[i]] = reader.IsDBNull(i + 1) ? null : reader.GetValue(i + 1);
            yield return (reader.GetInt64(0), new PythonRow(values));
        }
    }

    private static void Quarantine(SqliteConnection connection, long rowId, string reason)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "insert into seed_quarantine select $reason, * from seed_jobs where rowid = $rowid";
        command.Parameters.AddWithValue("$reason", reason);
        command.Parameters.AddWithValue("$rowid", rowId);
        command.ExecuteNonQuery();
    }

    private static HashSet<string> Columns(SqliteConnection connection, string table) =>
        [.. Strings(connection, $"select name from pragma_table_info('{table}')")];

    private static List<string> Strings(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // constants alone
        command.CommandText = sql;
#pragma warning restore CA2100
        using var reader = command.ExecuteReader();
        var strings = new List<string>();
        while (reader.Read()) strings.Add(reader.GetString(0));
        return strings;
    }
}
