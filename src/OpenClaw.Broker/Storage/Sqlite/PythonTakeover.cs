using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>What became of a Python broker's rows.</summary>
/// <param name="Jobs">How many were taken over.</param>
/// <param name="Quarantined">The rowid and the reason of each that went unchanged to <c>seed_quarantine</c>.</param>
/// <param name="Backup">The copy of the file as it was.</param>
internal sealed record MigrationReport(int Jobs, IReadOnlyList<(long RowId, string Reason)> Quarantined, string Backup);

/// <summary>
/// Takes over the Python broker's <c>jobs</c> table, in any of its shapes: a backup first, then everything in one
/// transaction. Ids, texts and times stay; the order is that of creation.
/// </summary>
internal static class PythonTakeover
{
    private static readonly string[] Required = ["id", "created_at", "status", "command", "payload"];
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    public static bool Applies(SqliteConnection connection)
    {
        var columns = Columns(connection);
        return connection.Scalar<string>("select type from sqlite_schema where name = 'jobs'") == "table" && Required.All(columns.Contains);
    }

    public static MigrationReport Run(SqliteConnection connection, Database database)
    {
        using var transaction = connection.BeginTransaction(deferred: false);
        var backup = Backup(database);
        try
        {
            return Move(connection, transaction, backup);
        }
        catch
        {
            File.Delete(backup); // nothing was changed: the next try makes its own
            throw;
        }
    }

    private static MigrationReport Move(SqliteConnection connection, SqliteTransaction transaction, string backup)
    {
        connection.Execute("alter table jobs rename to seed_jobs");
        foreach (var index in Indexes(connection)) connection.Execute($"drop index \"{index.Replace("\"", "\"\"", StringComparison.Ordinal)}\"");
        Migrations.Run(connection, from: 0);
        connection.Execute("create table seed_quarantine as select '' as reason, * from seed_jobs where false");

        var count = 0;
        var quarantined = new List<(long, string)>();
        using var sql = new Statements(connection);
        var ledger = new Ledger(0, 0);
        var counts = new Counts();
        foreach (var row in Rows(connection))
        {
            try
            {
                Insert(ReadRow(row.Values));
                count++;
            }
            catch (FormatException e)
            {
                SetAside(row.Id, e.Message);
            }
            catch (SqliteException e) when (e.SqliteErrorCode == SQLitePCL.raw.SQLITE_CONSTRAINT)
            {
                SetAside(row.Id, $"the new table refuses it ({e.Message})");
            }

            void SetAside(long rowId, string reason)
            {
                Quarantine(connection, rowId, reason);
                quarantined.Add((rowId, reason));
            }

            void Insert((Job Job, byte[] Payload, JobEnd End) read)
            {
                var insert = new JobInsert(read.Job);
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
        }
        connection.Execute("drop table seed_jobs");
        counts.Flush(sql);
        sql["insert into queue (name) select distinct queue from job"].Run();
        connection.Execute(string.Create(CultureInfo.InvariantCulture, $"update meta set last_seq = {ledger.LastSeq}, last_accepted = {ledger.LastAccepted}"));
        if (quarantined.Count == 0) connection.Execute("drop table seed_quarantine");
        transaction.Commit();
        return new MigrationReport(count, quarantined, backup);
    }

    private static (Job Job, byte[] Payload, JobEnd End) ReadRow(Dictionary<string, object?> row)
    {
        var state = Text(row, "status") is { } status && JobStateNames.Parse(status) is { } known and (JobState.Queued or JobState.Running or JobState.Done or JobState.Failed)
            ? known
            : throw new FormatException("its status is none of queued, running, done, failed");
        var id = Text(row, "id") is { } text && Guid.TryParseExact(text, "D", out var guid) && guid.ToString() == text
            ? guid
            : throw new FormatException("its id is not a lower-case UUID");
        var created = Time(row, "created_at") ?? throw new FormatException("its created_at is null");
        var started = Time(row, "started_at");
        var finished = Time(row, "finished_at");
        var isFinal = state is JobState.Done or JobState.Failed;
        var error = state == JobState.Failed ? Text(row, "error") : null;
        var job = new Job
        {
            Id = id,
            Version = 1,
            State = state,
            Command = Text(row, "command") ?? throw new FormatException("its command is null"),
            Requires = Text(row, "requires") is { Length: > 0 } requires ? requires : null,
            Lane = Requires.Parse(Text(row, "requires")),
            CreatedAt = created,
            StartedAt = state == JobState.Running ? started ?? created : started,
            FinishedAt = isFinal ? finished ?? started ?? created : null,
            LeaseUntil = state == JobState.Running ? Time(row, "lease_until") ?? created : null,
            Attempt = state == JobState.Running || started is not null ? 1 : 0,
            LeaseToken = state == JobState.Running ? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)) : null,
            WorkerId = state == JobState.Queued ? null : Text(row, "worker_id"),
            Error = error?.Length > JobTable.ShortError ? JobTable.Beginning(error) : error,
            Outcome = state switch { JobState.Done => Outcome.Ok, JobState.Failed => Outcome.Failed, _ => null },
        };
        var longError = error?.Length > JobTable.ShortError ? Bytes(row, "error") : null;
        return (job, Bytes(row, "payload") ?? throw new FormatException("its payload is null"), new JobEnd(Bytes(row, "result"), longError));
    }

    private static string? Text(Dictionary<string, object?> row, string column) => Bytes(row, column) is { } bytes ? StrictUtf8.GetString(bytes) : null;

    /// <summary>A text or blob as UTF-8; what is neither, or not UTF-8, is refused.</summary>
    private static byte[]? Bytes(Dictionary<string, object?> row, string column)
    {
        switch (row.GetValueOrDefault(column))
        {
            case null:
                return null;
            case byte[] bytes:
                try
                {
                    _ = StrictUtf8.GetCharCount(bytes);
                    return bytes;
                }
                catch (DecoderFallbackException)
                {
                    throw new FormatException($"its {column} is not UTF-8 text");
                }
            default:
                throw new FormatException($"its {column} is not a text");
        }
    }

    private static long? Time(Dictionary<string, object?> row, string column)
    {
        const double Limit = 253_402_300_800; // the year 10000
        return row.GetValueOrDefault(column) switch
        {
            null => null,
            long seconds when seconds is > -(long)Limit and < (long)Limit => seconds * 1000,
            double seconds when Math.Abs(seconds) < Limit => (long)(seconds * 1000),
            _ => throw new FormatException($"its {column} is not a time in seconds"),
        };
    }

    private static IEnumerable<(long Id, Dictionary<string, object?> Values)> Rows(SqliteConnection connection)
    {
        var columns = Columns(connection, "seed_jobs");
        string[] known = [.. Required, "result", "finished_at", "error", "started_at", "lease_until", "worker_id", "requires"];
        string[] present = [.. known.Where(columns.Contains)];
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
            yield return (reader.GetInt64(0), values);
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

    private static HashSet<string> Columns(SqliteConnection connection, string table = "jobs") => [.. Strings(connection, $"select name from pragma_table_info('{table}')")];

    private static List<string> Indexes(SqliteConnection connection) =>
        Strings(connection, "select name from sqlite_schema where type = 'index' and tbl_name = 'seed_jobs' and sql is not null");

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

    /// <summary>Copies the file beside itself, checked and synced, never over an older copy.</summary>
    private static string Backup(Database database)
    {
        var target = database.Path + ".seed-backup";
        for (var n = 2; File.Exists(target); n++) target = string.Create(CultureInfo.InvariantCulture, $"{database.Path}.seed-backup.{n}");
        var temporary = target + ".part";
        File.Delete(temporary);
        using (var source = new SqliteConnection(database.ConnectionString(readOnly: true)))
        using (var copy = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = temporary, Pooling = false }.ToString()))
        {
            source.Open();
            copy.Open();
            source.BackupDatabase(copy);
            copy.Execute("pragma journal_mode = delete");
            if (copy.Scalar<string>("pragma quick_check(1)") is var verdict and not "ok") throw new DatabaseException(DatabaseException.Damaged(database.Path, verdict ?? "unreadable"));
        }
        using (var file = new FileStream(temporary, FileMode.Open, FileAccess.ReadWrite)) file.Flush(flushToDisk: true);
        File.Move(temporary, target, overwrite: false);
        return target;
    }
}
