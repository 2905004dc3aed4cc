using System.Diagnostics;
using System.Text;
using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>Looks for jobs slice by slice, for so long and no longer.</summary>
internal static class JobSearch
{
    private const string HasText = " and (instr(j.command, ?11) > 0 or instr(coalesce(j.error, x''), ?11) > 0 "
        + "or exists (select 1 from job_payload p where p.seq = j.seq and instr(substr(p.payload, 1, 4096), ?11) > 0))";

    private const long FirstSlice = 2000;
    private const long LongestSlice = 64_000;
    private static readonly TimeSpan LongestSearch = TimeSpan.FromMilliseconds(50);

    public static JobPage Run(Statements sql, JobQuery query, CancellationToken stop)
    {
        var begun = Stopwatch.GetTimestamp();
        var jobs = new List<Job>();
        var newest = sql["select coalesce(max(seq), 0) from job"].First(static row => row.Number(0)!.Value);
        var (low, high) = query.IsOldestFirst ? ((query.After ?? 0) + 1, newest + 1) : (1, query.After ?? newest + 1);
        var statement = sql[ListSql(query)];
        // Slice by slice: each is a snapshot of its own, so that a long search keeps no log from being folded in.
        for (var slice = FirstSlice; low < high; slice = Math.Min(slice * 2, LongestSlice))
        {
            var edge = query.IsOldestFirst ? Math.Min(high, low + slice) : Math.Max(low, high - slice);
            Bind(statement, query, query.Limit - jobs.Count, query.IsOldestFirst ? (low, edge) : (edge, high));
            jobs.AddRange(statement.List(JobTable.Rows.Read, stop));
            (low, high) = query.IsOldestFirst ? (edge, high) : (low, edge);
            if (jobs.Count >= query.Limit) break;
            if (low < high && Stopwatch.GetElapsedTime(begun) > LongestSearch)
            {
                var at = sql["select created_at from job where seq >= ?1 order by seq limit 1"];
                at.Set(1, edge);
                return new JobPage(jobs, query.IsOldestFirst ? edge - 1 : edge, at.First(static row => row.Number(0)));
            }
        }
        return new JobPage(jobs, null);
    }

    private static void Bind(Statement statement, JobQuery query, int limit, (long Low, long High) slice)
    {
        statement.Set(1, limit);
        statement.Set(2, slice.High);
        statement.Set(3, slice.Low);
        if (query.Command is not null) statement.Set(4, Encoding.UTF8.GetBytes(query.Command));
        if (query.Queue is not null) statement.Set(5, query.Queue);
        if (query.WorkerId is not null) statement.Set(6, query.WorkerId);
        if (query.Requester is not null) statement.Set(7, query.Requester);
        if (query.MadeBy is not null) statement.Set(8, query.MadeBy);
        if (query.Tag is not null) statement.Set(9, query.Tag);
        if (query.Batch is not null) statement.Set(10, query.Batch);
        if (query.Text is not null) statement.Set(11, Encoding.UTF8.GetBytes(query.Text));
        if (query.CreatedAfter is not null) statement.Set(12, query.CreatedAfter);
        if (query.CreatedBefore is not null) statement.Set(13, query.CreatedBefore);
    }

    /// <summary>The text for what a query asks; one object for each combination. States stand in it, in the words of the partial indexes.</summary>
    private static string ListSql(JobQuery query)
    {
        var where = new StringBuilder("j.seq < ?2 and j.seq >= ?3");
        if (query.States.Count == 0) where.Append(" and ").Append(SqliteJobStore.IsKnown);
        else where.Append(" and j.state in (").AppendJoin(", ", query.States.Order().Select(static s => $"'{s.Name()}'")).Append(')');
        if (query.States.Count > 0 && query.States.All(static s =>
            s is JobState.Failed or JobState.Cancelled)) where.Append(" and j.state in ('failed', 'cancelled')");
        if (query.Command is not null) where.Append(" and j.command = ?4");
        if (query.Requester is not null) where.Append(" and j.requester = ?7");
        if (query.MadeBy is not null) where.Append(" and j.made_by = ?8");
        if (query.Queue is null) where.Append($" and j.queue <> '{QueueNames.Hooks}'");
        else where.Append(query.Queue == QueueNames.Default ? " and j.queue = ?5" : " and j.queue = ?5 and j.queue <> 'default'");
        if (query.WorkerId is not null) where.Append(" and j.worker_id = ?6 and j.state not in ('queued', 'scheduled', 'held')");
        if (query.Tag is not null) where.Append(" and exists (select 1 from json_each(j.tags) t where t.value = ?9)");
        if (query.Batch is not null) where.Append(" and j.batch = ?10");
        if (query.CreatedAfter is not null) where.Append(" and j.created_at >= ?12");
        if (query.CreatedBefore is not null) where.Append(" and j.created_at < ?13");
        if (query.Text is not null) where.Append(HasText);
        return string.Intern($"select {SqliteJobStore.AllColumns} from job j where {where} order by j.seq{(query.IsOldestFirst ? "" : " desc")} limit ?1");
    }
}
