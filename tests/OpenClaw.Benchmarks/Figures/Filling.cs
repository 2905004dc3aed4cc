using Microsoft.Data.Sqlite;

namespace OpenClaw.Benchmarks.Figures;

/// <summary>Makes many waiting jobs at once: copies of one that the broker itself has made, written while it is away.</summary>
internal static class Filling
{
    /// <summary>The columns that a mix sets: 10,000 requesters, 500 lanes, all priorities, a seventh for later.</summary>
    private const string Mix = """
        update job set
          command = case when seq % 2 then command else cast('c' || (seq / 2 % 50) as blob) end,
          lane = case when seq % 2 then lane else case seq / 100 % 10 when 0 then '' else '["k' || (seq / 100 % 10) || '"]' end end,
          requester = case when seq % 2 then 'r' || (seq / 2 % 10000) else null end,
          priority = 1 + seq % 5, rank = rank + (seq % 5 - 2) * 900000,
          state = case when seq % 7 = 0 then 'scheduled' else state end, ready = seq % 7 <> 0,
          run_at = case when seq % 7 = 0 then 4102444800000 + seq end, due_at = case when seq % 7 = 0 then 4102444800000 + seq end;
        insert into job_count (queue, state, jobs) select 'default', state, count(*) from job where state = 'scheduled';
        update job_count set jobs = (select count(*) from job where state = 'queued') where state = 'queued';
        """;

    private const string Uuid = "substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-4' || substr(h, 14, 3) || '-8' || substr(h, 18, 3) || '-' || substr(h, 21, 12)";

    public static async Task FillAsync(Bench bench, string database, int jobs, bool isMixed = false)
    {
        await using (var broker = await bench.StartBrokerAsync(database))
        {
            await broker.Api.NewJobAsync();
            await broker.Program.StopAsync();
        }
        using var connection = new SqliteConnection($"Data Source={database};Pooling=False");
        connection.Open();
        using var fill = connection.CreateCommand();
        fill.CommandTimeout = 600;
        fill.CommandText = $"""
            begin immediate;
            insert into job (seq, id, version, queue, lane, rank, ready, state, command, created_at)
              with recursive n(i) as (select 1 union all select i + 1 from n where i < $jobs - 1),
              copies as (select j.*, j.seq + n.i as place, lower(hex(randomblob(16))) as h from n, job j where j.seq = (select min(seq) from job))
              select place, {Uuid}, version, queue, lane, rank, ready, state, command, created_at from copies;
            insert into job_payload (seq, payload)
              select j.seq, (select payload from job_payload limit 1) from job j where j.seq not in (select seq from job_payload);
            update job_count set jobs = $jobs;
            {(isMixed ? Mix : "")}
            update meta set last_seq = (select max(seq) from job);
            commit;
            pragma wal_checkpoint(truncate);
            """;
        fill.Parameters.AddWithValue("$jobs", jobs);
        fill.ExecuteNonQuery();
    }
}
