using System.Text;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>Jobs in SQLite: writes through the one writer, reads from the pool.</summary>
internal sealed class SqliteJobStore(Writer writer, Readers readers) : IJobStore
{
    public static readonly string AllColumns = JobTable.Rows.Select("j");

    // A newer version's job in a state of its own is none of ours.
    public static readonly string IsKnown = $"j.state in ({string.Join(", ", Enum.GetValues<JobState>().Select(static s => $"'{s.Name()}'"))})";

    private static readonly string FindSql = $"select {AllColumns} from job j where j.id = ?1 and {IsKnown}";

    private static readonly string FindWithTextsSql =
        $"select {AllColumns}, p.payload, r.result, r.error from job j join job_payload p on p.seq = j.seq left join job_result r on r.seq = j.seq "
            + $"where j.id = ?1 and length(p.payload) + coalesce(length(r.result), 0) + coalesce(length(r.error), 0) <= ?2 and {IsKnown}";

    private const string PayloadSql = "select payload from job_payload where seq = ?1 and length(payload) <= ?2";

    /// <summary>Texts of up to so many bytes are read where they are asked for.</summary>
    private const long ShortTexts = 64 * 1024;

    private static readonly string RunningSql = $"select {AllColumns} from job j where j.queue = ?1 and j.state = 'running'";

    private static readonly string AllRunningSql = $"select {AllColumns} from job j where j.state = 'running' order by j.lease_until limit ?1";

    // Jumps from queue to queue in the index, however many jobs each holds.
    private const string ReadyQueuesSql =
        "with recursive q(queue) as (select min(queue) from job where ready = 1 "
        + "union all select (select min(queue) from job where ready = 1 and queue > q.queue) from q where q.queue is not null) "
        + "select queue from q where queue is not null";

    private static readonly string CountsSql = $"select j.queue, j.state, j.jobs from job_count j where j.jobs > 0 and {IsKnown}";

    private static readonly string FirstSql = $"select {AllColumns} from job j where {SerialKeys.First} and {IsKnown}";

    private static readonly string DueSql =
        "select j.id, j.version, j.due_at, j.state = 'scheduled' and j.is_delay = 0 and j.due_at = j.run_at from job j "
        + $"where j.due_at is not null and {IsKnown} order by j.due_at limit ?1";

    // One whose name was deleted while a job of it was on its way is there by that job.
    private const string QueuesSql = "select name from queue union select queue from job_count where jobs > 0 and state not in ('done', 'failed', 'cancelled')";

    private const string KeySql =
        $"select job_id, body_hash, answer is not null from idempotency_key k where scope = ?1 and key = ?2 and not {IdempotencyKeys.IsFree}";

    private const string FreeKeysSql = $"select scope, key from idempotency_key k where {IdempotencyKeys.IsFree}";

    private bool hasDeleted;

    public async Task<Created> InsertAsync(Job job, byte[] payload, IdempotencyKey? key, bool isNewQueue, AuditEntry? noted, IReadOnlyList<Change>? also)
    {
        var changes = new List<Change>(4);
        var taken = key is null ? null : new KeyInsert(key, job.Id);
        if (taken is not null) changes.Add(taken);
        var insert = Add(changes, new NewRow(job, payload, isNewQueue, also ?? []));
        if (await writer.WriteAsync(new Commit(changes, isEssential: false, noted)) is not { } refused) return new Created(insert.Job, null);
        if (refused != taken) return new Created(null, null, refused);
        return new Created(null, await FirstUseAsync(key!));
    }

    public async Task<(IReadOnlyList<Job> Written, KeyUse? EarlierUse, Change? Refused)> InsertManyAsync(
        IReadOnlyList<NewRow> rows, IdempotencyKey? key, IReadOnlyList<Change> also, AuditEntry noted)
    {
        var taken = key is null ? null : new KeyInsert(key, rows[0].Job.Id);
        List<Change> changes = taken is null ? [.. also] : [taken, .. also];
        List<JobInsert> inserts = [.. rows.Select(row => Add(changes, row))];
        var refused = await writer.WriteAsync(new Commit(changes, isEssential: false, noted));
        if (refused is null) return ([.. inserts.Select(static i => i.Job)], null, null);
        return refused == taken ? ([], await FirstUseAsync(key!), null) : ([], null, refused);
    }

    private static JobInsert Add(List<Change> changes, NewRow row)
    {
        var insert = new JobInsert(row.Job);
        changes.AddRange(row.Also);
        if (row.IsNewQueue) changes.Add(new QueueInsert(row.Job.Queue));
        changes.Add(insert);
        changes.Add(new PayloadInsert(insert, row.Payload));
        if (row.Job.SerialKey is not null) changes.AddRange(SerialKeys.After(null, row.Job));
        return insert;
    }

    private async Task<KeyUse> FirstUseAsync(IdempotencyKey key) =>
        await FindKeyAsync(key.Scope, key.Key) ?? throw new StorageBusyException("the key's first use was dropped just now");

    public async Task UpdateAsync(JobChange change)
    {
        var (from, to) = (change.From, change.To);
        var changes = new List<Change>(2) { new JobUpdate(from, to, change.Now, change.IsEdit) };
        if (change.IsNewQueue) changes.Add(new QueueInsert(to.Queue));
        if (change.Payload is { } payload) changes.Add(new PayloadUpdate(from.Seq, payload));
        if (from.IsFinal && !to.IsFinal) changes.Add(new ResultDelete(from.Seq));
        if (!change.End.IsEmpty) changes.Add(new ResultInsert(from.Seq, change.End.Result, change.End.Error));
        foreach (var note in change.Notes) changes.Add(new NoteInsert(from.Seq, note));
        if (to.SerialKey is not null) changes.AddRange(SerialKeys.After(from, to));
        if (change.Unique is { } unique) changes.Add(unique);
        changes.AddRange(change.Also);
        var adds = change.IsEdit || from.IsFinal; // the space that is kept on a full disk is for what ends
        var commit = new Commit(changes, isEssential: !adds, change.Noted);
        if (await writer.WriteAsync(commit) is not { } refused) return;
        if (refused == change.Unique) throw new UniqueKeyHeldException();
        if (change.Also.Contains(refused)) throw new AlreadySoException();
        if (commit.IsDuplicate) throw new ClaimIdInUseException();
        throw new StaleVersionException($"job {from.Id} is not at version {from.Version}");
    }

    public async Task DeleteAsync(Job job, long now, AuditEntry? noted)
    {
        var commit = new Commit([new ResultDelete(job.Seq), new PayloadDelete(job.Seq), new JobDelete(job, now), new EdgesDelete(job.Id)],
            isEssential: true, noted);
        if (await writer.WriteAsync(commit) is not null)
        {
            throw await FindAsync(job.Id) is { } found && found.Version == job.Version ? new JobNeededException()
                : new StaleVersionException($"job {job.Id} is not at version {job.Version}");
        }
        Volatile.Write(ref hasDeleted, true);
    }

    public async Task ClearDeletedAsync()
    {
        if (!Interlocked.Exchange(ref hasDeleted, false)) return;
        var isClear = false;
        try
        {
            var keys = await readers.ReadLongAsync(static sql => sql[FreeKeysSql].List(static row => new KeyDelete(row.Text(0)!, row.Text(1)!)));
            foreach (var some in keys.Chunk(500)) await writer.WriteAsync(new Commit(some, isEssential: true));
            isClear = await writer.FoldAsync();
        }
        finally
        {
            if (!isClear) Volatile.Write(ref hasDeleted, true);
        }
    }

    public ValueTask<Job?> FindAsync(Guid id) => readers.ReadAsync(sql => Bind(sql[FindSql], id.ToString()).First(JobTable.Rows.Read));

    public async ValueTask<JobTexts?> FindWithTextsAsync(Guid id)
    {
        if (await readers.ReadAsync(sql => FindWithTexts(sql, id, ShortTexts)) is { } found) return found;
        return await FindAsync(id) is null ? null : await readers.ReadLongAsync(sql => FindWithTexts(sql, id, long.MaxValue));
    }

    public async ValueTask<byte[]> ReadPayloadAsync(long seq) =>
        await readers.ReadAsync(sql => Payload(sql, seq, ShortTexts)) ?? await readers.ReadLongAsync(sql => Payload(sql, seq, long.MaxValue))
            ?? throw new StorageBusyException("the job was deleted just now");

    public Task NoteFoundAsync(IdempotencyKey key, Guid job) => writer.WriteAsync(new Commit([new KeyInsert(key, job, isFound: true)], isEssential: false));

    public ValueTask<Guid?> FindHolderAsync(string queue, string command, string uniqueKey) => readers.ReadAsync(sql =>
    {
        var statement = sql[UniqueKeys.Holder];
        statement.Set(1, queue);
        statement.Set(2, Encoding.UTF8.GetBytes(command));
        statement.Set(3, uniqueKey);
        return statement.First(static row => (Guid?)Guid.Parse(row.Text(0)!));
    });

    public ValueTask<Job?> FindFirstAsync(string queue, string serialKey) =>
        readers.ReadAsync(sql => Bind(sql[FirstSql], queue, serialKey).First(JobTable.Rows.Read));

    public ValueTask<List<JobNote>> ReadNotesAsync(long seq) => readers.ReadAsync(sql =>
    {
        var statement = sql[NoteTable.Select];
        statement.Set(1, seq);
        return statement.List(NoteTable.Read);
    });

    public ValueTask<byte[]?> ReadDetailsAsync(long seq) => readers.ReadAsync(sql =>
    {
        var statement = sql["select details from job_detail where seq = ?1"];
        statement.Set(1, seq);
        return statement.First(static row => row.Blob(0));
    });

    public Task<List<DueRow>> ReadDueAsync(int limit) => readers.ReadLongAsync(sql =>
    {
        var statement = sql[DueSql];
        statement.Set(1, limit);
        return statement.List(static row => new DueRow(Guid.Parse(row.Text(0)!), row.Number(1)!.Value, row.Number(2)!.Value, row.Number(3) != 0));
    });

    public ValueTask<List<Guid>> FindClaimAsync(string claimId, string? workerId) => readers.ReadAsync(sql =>
        Bind(sql["select id from job where claim_id = ?1 and coalesce(worker_id, '') = ?2 order by claim_n"], claimId, workerId ?? "")
            .List(static row => Guid.Parse(row.Text(0)!)));

    public ValueTask<KeyUse?> FindKeyAsync(string scope, string key) => readers.ReadAsync(sql =>
        Bind(sql[KeySql], scope, key)
            .First(static row => new KeyUse(Guid.Parse(row.Text(0)!), row.Blob(1)!, row.Number(2) != 0)));

    public Task<JobPage> ListAsync(JobQuery query, CancellationToken stop) =>
        readers.ReadLongAsync(sql => JobSearch.Run(sql, query, stop), stop);

    public Task<List<string>> ReadQueueNamesAsync() => readers.ReadLongAsync(static sql =>
        sql[QueuesSql].List(static row => row.Text(0)!));

    public Task<List<StateCount>> ReadCountsAsync() => readers.ReadLongAsync(static sql =>
        sql[CountsSql].List(static row =>
            new StateCount(row.Text(0)!, JobStateNames.Parse(row.Text(1))!.Value, row.Number(2)!.Value)));

    public Task<QueueSnapshot> ReadQueueAsync(string queue, int window, int minimum, int flows) => readers.ReadLongAsync(sql =>
    {
        var names = FlowReader.Flows(sql, queue, static _ => true).Take(flows + 1).ToList();
        var quota = Math.Max(minimum, window / Math.Max(1, names.Count));
        return new QueueSnapshot(Page(sql, queue, names, flows, quota), Bind(sql[RunningSql], queue).List(JobTable.Rows.Read));
    });

    public Task<FlowPage> ReadFlowsAsync(string queue, Func<Lane, bool> takes, Flow? after, int flows, int rows) => readers.ReadLongAsync(sql =>
        Page(sql, queue, FlowReader.Flows(sql, queue, takes, after).Take(flows + 1).ToList(), flows, rows));

    public Task<List<ReadyRow>> ReadReadyAsync(string queue, Flow flow, int limit) =>
        readers.ReadLongAsync(sql => FlowReader.Ready(sql, queue, flow, limit));

    public Task<List<Job>> ReadHeadsAsync(int limit) => readers.ReadLongAsync(sql =>
    {
        var running = sql[AllRunningSql];
        running.Set(1, limit);
        var jobs = running.List(JobTable.Rows.Read);
        var queues = sql[ReadyQueuesSql].List(static row => row.Text(0)!);
        var flows = queues.SelectMany(queue => FlowReader.Flows(sql, queue, static _ => true).Take(limit).Select(flow => (queue, flow))).ToList();
        foreach (var (queue, flow) in flows) jobs.AddRange(FlowReader.Heads(sql, queue, flow, Math.Max(1, limit / flows.Count)));
        return jobs;
    });

    public async Task<int> PurgeKeysAsync(SteadyTime before, SteadyTime now)
    {
        var free = await readers.ReadLongAsync(sql =>
        {
            var statement = sql[UniqueKeys.Free];
            statement.Set(1, now.Milliseconds);
            return statement.List(row => new UniqueDelete(now, row.Text(0)!, row.Blob(1)!, row.Text(2)!));
        });
        foreach (var some in free.Chunk(500)) await writer.WriteAsync(new Commit(some, isEssential: true));
        var purge = new KeyPurge(before.Milliseconds);
        await writer.WriteAsync(new Commit([purge, new SteadyNote(now)], isEssential: true));
        return purge.Dropped;
    }

    public Task ProbeReadAsync() =>
        readers.ReadLongAsync(static sql => sql["select count(*) from (select 1 from job limit 1)"].First(static row => row.Number(0)));

    public Task ProbeWriteAsync(long now) => writer.WriteAsync(new Commit([new Probe(now)], isEssential: false));

    /// <summary>Null also where the texts are longer than allowed: SQLite knows a length without reading the text.</summary>
    private static JobTexts? FindWithTexts(Statements sql, Guid id, long longest)
    {
        var statement = Bind(sql[FindWithTextsSql], id.ToString());
        statement.Set(2, longest);
        return statement.First(static row =>
        {
            var texts = JobTable.Rows.Width;
            return (JobTexts?)new JobTexts(JobTable.Rows.Read(row), row.Blob(texts)!, row.Blob(texts + 1), row.Blob(texts + 2));
        });
    }

    private static byte[]? Payload(Statements sql, long seq, long longest)
    {
        var statement = sql[PayloadSql];
        statement.Set(1, seq);
        statement.Set(2, longest);
        return statement.First(static row => row.Blob(0));
    }

    /// <param name="names">One more than there may be, where there are more.</param>
    private static FlowPage Page(Statements sql, string queue, List<Flow> names, int flows, int quota)
    {
        var found = names.Take(flows).Select(flow =>
        {
            var rows = FlowReader.Ready(sql, queue, flow, quota);
            return new FlowRows(flow, rows, rows.Count < quota);
        }).ToList();
        return new FlowPage(found, names.Count > flows ? names[flows - 1] : null);
    }

    private static Statement Bind(Statement statement, string first, string? second = null)
    {
        statement.Set(1, first);
        if (second is not null) statement.Set(2, second);
        return statement;
    }

    private sealed class KeyPurge(long before) : Change
    {
        public int Dropped { get; private set; }

        public override string Sql =>
            "delete from idempotency_key where (scope, key) in (select scope, key from idempotency_key where created_at < ?1 order by created_at limit 500)";

        public override void Bind(IParameters parameters) => parameters.Set(1, before);

        public override void Executed(int rows) => Dropped = rows;
    }

    private sealed class SteadyNote(SteadyTime now) : Change
    {
        public override string Sql => "update meta set steady_ms = ?1";

        public override void Bind(IParameters parameters) => parameters.Set(1, now.Milliseconds);
    }

    private sealed class Probe(long now) : Change
    {
        public override string Sql => "insert into probe (id, checked_at) values (1, ?1) on conflict do update set checked_at = excluded.checked_at";

        public override void Bind(IParameters parameters) => parameters.Set(1, now);
    }
}
