using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using OpenClaw.Crash.Tests.Checking;
using OpenClaw.Testing.Http;

namespace OpenClaw.Crash.Tests.Running;

/// <summary>Reads what is left after the drain: through the API, and straight from the file.</summary>
internal static class FinalStateReader
{
    /// <summary>What was noted of attempts that gave no result, and the last, which is in the job's row.</summary>
    private const string ErrorsSql = """
        select id, round, attempt, kind, coalesce(cast(error as text), '') from (
          select j.id, j.seq, e.id as n, e.round, e.attempt, e.kind, e.detail as error from job_event e join job j on j.seq = e.seq where e.kind is not null
          union all
          select id, seq, 9e18, round, attempt,
            case outcome when 'failed' then 'failed' when 'lost_too_often' then 'lease_lost' when 'parent_failed' then 'dependency' end, error
          from job where outcome in ('failed', 'lost_too_often', 'parent_failed')
        ) order by seq, n
        """;

    public static async Task<List<FinalRow>> ReadApiAsync(Api api)
    {
        var ids = new List<string>();
        var cursor = "";
        do
        {
            var page = await api.GetAsync($"/jobs?limit=200{cursor}", api.Bot);
            ids.AddRange(page["jobs"].EnumerateArray().Select(j => j.Id()));
            cursor = page["next"].GetString() is { } next ? $"&cursor={Uri.EscapeDataString(next)}" : "";
        }
        while (cursor.Length > 0);
        var rows = new ConcurrentBag<FinalRow>();
        await Parallel.ForEachAsync(ids, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (id, _) =>
        {
            var job = await api.JobAsync(id);
            rows.Add(new FinalRow(id, job.Text("state")!, job.Text("payload"), job.Text("result"), job.Text("error"), job.Number("attempt"),
                job.Number("lost_leases"))
            {
                Round = job.Number("round"), Failures = job.Number("failures"),
                Errors = string.Join('\n', job.GetProperty("errors").EnumerateArray().Select(Read)),
            });
        });
        return [.. rows];
    }

    public static (List<FinalRow> Rows, List<string> Damage) ReadFile(string database)
    {
        using var connection = new SqliteConnection($"Data Source={database};Mode=ReadOnly;Pooling=False");
        connection.Open();
        var errors = Query(connection, ErrorsSql, r =>
            (Job: r.GetString(0), Error: new AttemptError(r.GetInt32(1), r.GetInt32(2), r.GetString(3), r.GetString(4))))
            .ToLookup(e => e.Job, e => e.Error);
        var rows = Query(connection, """
            select j.id, j.state, p.payload, r.result, j.error, j.attempt, j.lost_leases, j.round, j.failures
            from job j left join job_payload p on p.seq = j.seq left join job_result r on r.seq = j.seq
            """, r => new FinalRow(r.GetString(0), r.GetString(1), Text(r, 2), Text(r, 3), Text(r, 4), r.GetInt32(5), r.GetInt32(6))
            {
                Round = r.GetInt32(7), Failures = r.GetInt32(8), Errors = string.Join('\n', errors[r.GetString(0)]),
            });
        var damage = Query(connection, "pragma integrity_check", r => r.GetString(0)).Where(line => line != "ok").ToList();
        damage.AddRange(Query(connection, "pragma foreign_key_check", r => $"{r.GetString(0)} row {r.GetInt64(1)} points nowhere"));
        damage.AddRange(Query(connection, "select id from job where id not in (select id from jobs)", r => $"job {r.GetString(0)} is missing in the view"));
        damage.AddRange(Query(connection, "select key from idempotency_key where job_id not in (select id from job)", r =>
            $"the key {r.GetString(0)} has no job"));
        damage.AddRange(Query(connection, "select id from job j where (state = 'done') <> exists (select 1 from job_result r where r.seq = j.seq)",
            r => $"job {r.GetString(0)}: state and result disagree"));
        return (rows, damage);
    }

    private static List<T> Query<T>(SqliteConnection connection, string sql, Func<SqliteDataReader, T> read)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read()) rows.Add(read(reader));
        return rows;
    }

    private static AttemptError Read(JsonElement error) =>
        new(error.Number("round"), error.Number("attempt"), error.Text("kind")!, error.Text("error") ?? "");

    private static string? Text(SqliteDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : Encoding.UTF8.GetString(reader.GetFieldValue<byte[]>(column));
}
