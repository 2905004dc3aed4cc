using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>Reads from a bounded pool of connections, one statement each: it sees every commit that was answered.</summary>
internal sealed class JobReader(Database database, FatalError fatal) : IDisposable
{
    private const int Connections = 4;

    /// <summary>How many of a queue's oldest rows the regular comparison looks at.</summary>
    private const int Heads = 1000;

    private const string Columns =
        "j.seq, j.id, j.version, j.queue, j.lane, j.state, j.command, j.created_at, j.started_at, j.finished_at, j.lease_until, j.attempt, j.failures, j.lost_leases, "
        + "j.lease_token, j.worker_id, j.claim_id, j.cancel_requested, j.cancel_reason, j.error";

    private const string LaneNames =
        "with recursive l(lane) as (select min(lane) from job where queue = $queue and state = 'queued' "
        + "union all select (select min(lane) from job where queue = $queue and state = 'queued' and lane > l.lane) from l where l.lane is not null) "
        + "select lane from l where lane is not null";

    private const string ReadySql = "select id, seq, version from job where queue = $queue and lane = $lane and state = 'queued' order by seq limit $limit";

    private readonly ConcurrentBag<Reader> idle = [];
    private readonly SemaphoreSlim free = new(Connections, Connections);
    private readonly SemaphoreSlim lists = new(Connections / 2, Connections / 2);

    public ValueTask<Job?> FindAsync(Guid id) => UseAsync(reader =>
        reader.First($"select {Columns} from job j where j.id = $id", ReadJob, ("id", id.ToString())));

    public ValueTask<JobTexts?> FindWithTextsAsync(Guid id) => UseAsync<JobTexts?>(reader =>
        reader.First($"select {Columns}, p.payload, r.result from job j join job_payload p on p.seq = j.seq left join job_result r on r.seq = j.seq where j.id = $id",
            static row => (JobTexts?)new JobTexts(ReadJob(row), Blob(row, 20), row.IsDBNull(21) ? null : Blob(row, 21)), ("id", id.ToString())));

    public ValueTask<byte[]> ReadPayloadAsync(long seq) => UseAsync(reader =>
        reader.First("select payload from job_payload where seq = $seq", static row => Blob(row, 0), ("seq", seq))!);

    /// <summary>The running job that a worker claimed with this claim id.</summary>
    public ValueTask<Guid?> FindClaimAsync(string claimId, string? workerId) => UseAsync(reader =>
        reader.First<Guid?>("select id from job where claim_id = $claim and coalesce(worker_id, '') = $worker", static row => Guid.Parse(row.GetString(0)),
            ("claim", claimId), ("worker", workerId ?? "")));

    public ValueTask<KeyUse?> FindKeyAsync(string key) => UseAsync(reader =>
        reader.First("select job_id, body_hash from idempotency_key where key = $key", static row => new KeyUse(Guid.Parse(row.GetString(0)), Blob(row, 1)), ("key", key)));

    /// <summary>Reads one row of the table.</summary>
    public ValueTask<long> ProbeAsync() => UseAsync(static reader =>
        reader.First("select count(*) from (select 1 from job limit 1)", static row => row.GetInt64(0)));

    /// <summary>Jobs, newest first. A list may look at many rows, so two at once leave connections for the rest.</summary>
    public async Task<List<Job>> ListAsync(JobQuery query)
    {
        await lists.WaitAsync();
        try
        {
            return await Task.Run(() => UseAsync(reader => List(reader, query)).AsTask());
        }
        finally
        {
            lists.Release();
        }
    }

    private static List<Job> List(Reader reader, JobQuery query)
    {
        var where = new StringBuilder("true");
        var parameters = new List<(string, object)> { ("limit", query.Limit) };
        void Filter(string condition, string name, object? value)
        {
            if (value is null) return;
            where.Append(" and ").Append(condition);
            parameters.Add((name, value));
        }

        // The state stands in the text itself, in the words of the partial indexes.
        if (query.State is { } state) where.Append(CultureInfo.InvariantCulture, $" and j.state = '{state.Name()}'");
        if (query.State is JobState.Failed or JobState.Cancelled) where.Append(" and j.state in ('failed', 'cancelled')");
        Filter("j.command = $command", "command", query.Command is null ? null : Encoding.UTF8.GetBytes(query.Command));
        Filter("j.worker_id = $worker and j.state <> 'queued'", "worker", query.WorkerId);
        Filter("j.seq < $before", "before", query.Before);
        return reader.List($"select {Columns} from job j where {where} order by j.seq desc limit $limit", ReadJob, [.. parameters]);
    }

    public ValueTask<List<string>> ReadQueueNamesAsync() => UseAsync(static reader =>
        reader.List("select distinct queue from job where state = 'queued' union select distinct queue from job where state = 'running'", static row => row.GetString(0)));

    /// <summary>A lane's oldest ready jobs.</summary>
    public Task<List<ReadyRow>> ReadReadyAsync(string queue, string lane, int limit) => Task.Run(() => UseAsync(reader =>
        reader.List(ReadySql, ReadReady, ("queue", queue), ("lane", lane), ("limit", limit))).AsTask());

    /// <summary>What a queue must know to begin: the heads of its lanes and all leases.</summary>
    /// <param name="minimum">What each lane may hold, however many there are.</param>
    /// <param name="window">What all lanes together should hold.</param>
    public Task<QueueSnapshot> ReadQueueAsync(string queue, int window, int minimum) => Task.Run(() => UseAsync(reader =>
    {
        var names = reader.List(LaneNames, static row => row.GetString(0), ("queue", queue));
        var quota = Math.Max(minimum, window / Math.Max(1, names.Count));
        var lanes = new List<(string, IReadOnlyList<ReadyRow>, bool)>();
        foreach (var lane in names)
        {
            var rows = reader.List(ReadySql, ReadReady, ("queue", queue), ("lane", lane), ("limit", quota));
            lanes.Add((lane, rows, rows.Count < quota));
        }
        return new QueueSnapshot(lanes, reader.List($"select {Columns} from job j where j.queue = $queue and j.state = 'running'", ReadJob, ("queue", queue)));
    }).AsTask());

    /// <summary>A queue's oldest ready jobs of every lane, and the leases that ended before a time.</summary>
    public Task<List<Job>> ReadUnfinishedHeadsAsync(string queue, long now) => Task.Run(() => UseAsync(reader =>
    {
        var jobs = reader.List($"select {Columns} from job j where j.queue = $queue and j.state = 'running' and j.lease_until <= $now limit {Heads}", ReadJob, ("queue", queue), ("now", now));
        var lanes = reader.List(LaneNames, static row => row.GetString(0), ("queue", queue));
        foreach (var lane in lanes)
        {
            jobs.AddRange(reader.List($"select {Columns} from job j where j.queue = $queue and j.lane = $lane and j.state = 'queued' order by j.seq limit $limit", ReadJob,
                ("queue", queue), ("lane", lane), ("limit", Math.Max(1, Heads / lanes.Count))));
        }
        return jobs;
    }).AsTask());

    public void Dispose()
    {
        while (idle.TryTake(out var reader)) reader.Dispose();
        free.Dispose();
        lists.Dispose();
    }

    private async ValueTask<T> UseAsync<T>(Func<Reader, T> read)
    {
        await free.WaitAsync().ConfigureAwait(false);
        try
        {
            if (!idle.TryTake(out var reader)) reader = new Reader(database.Connect(readOnly: true));
            try
            {
                return read(reader);
            }
            catch (SqliteException e) when (e.SqliteErrorCode is SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB)
            {
                fatal.End(Programs.ExitCodes.Io, DatabaseException.Damaged(database.Path, e.Message), e);
                throw;
            }
            finally
            {
                idle.Add(reader);
            }
        }
        finally
        {
            free.Release();
        }
    }

    private static Job ReadJob(SqliteDataReader row) => new()
    {
        Seq = row.GetInt64(0),
        Id = Guid.Parse(row.GetString(1)),
        Version = row.GetInt64(2),
        Queue = row.GetString(3),
        Lane = row.GetString(4),
        State = JobStateNames.Parse(row.GetString(5))!.Value,
        Command = Encoding.UTF8.GetString(Blob(row, 6)),
        CreatedAt = row.GetInt64(7),
        StartedAt = Number(row, 8),
        FinishedAt = Number(row, 9),
        LeaseUntil = Number(row, 10),
        Attempt = row.GetInt32(11),
        Failures = row.GetInt32(12),
        LostLeases = row.GetInt32(13),
        LeaseToken = Text(row, 14),
        WorkerId = Text(row, 15),
        ClaimId = Text(row, 16),
        CancelRequested = row.GetInt32(17) != 0,
        CancelReason = Text(row, 18),
        Error = row.IsDBNull(19) ? null : Encoding.UTF8.GetString(Blob(row, 19)),
    };

    private static ReadyRow ReadReady(SqliteDataReader row) => new(Guid.Parse(row.GetString(0)), row.GetInt64(1), row.GetInt64(2));

    private static byte[] Blob(SqliteDataReader row, int column) => row.GetFieldValue<byte[]>(column);

    private static long? Number(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    private static string? Text(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    /// <summary>One connection with the statements it has prepared.</summary>
    private sealed class Reader(SqliteConnection connection) : IDisposable
    {
        private readonly Dictionary<string, SqliteCommand> commands = new(StringComparer.Ordinal);

        public T? First<T>(string sql, Func<SqliteDataReader, T> map, params ReadOnlySpan<(string Name, object Value)> parameters)
        {
            using var rows = Bind(sql, parameters).ExecuteReader();
            return rows.Read() ? map(rows) : default;
        }

        public List<T> List<T>(string sql, Func<SqliteDataReader, T> map, params ReadOnlySpan<(string Name, object Value)> parameters)
        {
            using var rows = Bind(sql, parameters).ExecuteReader();
            var list = new List<T>();
            while (rows.Read()) list.Add(map(rows));
            return list;
        }

        public void Dispose()
        {
            foreach (var command in commands.Values) command.Dispose();
            connection.Dispose();
        }

        private SqliteCommand Bind(string sql, ReadOnlySpan<(string Name, object Value)> parameters)
        {
            if (!commands.TryGetValue(sql, out var command))
            {
                command = connection.CreateCommand();
#pragma warning disable CA2100 // every text is built from constants; values are parameters
                command.CommandText = sql;
#pragma warning restore CA2100
                foreach (var (name, _) in parameters) command.Parameters.Add(new SqliteParameter { ParameterName = "$" + name });
                commands[sql] = command;
            }
            for (var i = 0; i < parameters.Length; i++) command.Parameters[i].Value = parameters[i].Value;
            return command;
        }
    }
}
