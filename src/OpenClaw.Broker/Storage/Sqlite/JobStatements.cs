using System.Text;
using Microsoft.Data.Sqlite;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>The prepared statements that write jobs, of one connection.</summary>
internal sealed class JobStatements : IDisposable
{
    private const string Mutable =
        "state, started_at, finished_at, lease_until, attempt, failures, lost_leases, lease_token, worker_id, claim_id, cancel_requested, cancel_reason, error";

    private static readonly int MutableCount = Mutable.Split(", ").Length;

    private readonly Statement insertJob;
    private readonly Statement updateJob;
    private readonly Statement insertPayload;
    private readonly Statement insertResult;
    private readonly Statement insertKey;
    private readonly SqliteCommand findKey;
    private readonly Statement purgeKeys;
    private readonly Statement probe;
    private readonly Statement setLeases;

    public JobStatements(SqliteConnection connection)
    {
        insertJob = new Statement(connection, $"insert into job (seq, id, version, queue, lane, command, created_at, {Mutable}) values ({Placeholders(7 + MutableCount)})");
        updateJob = new Statement(connection, $"update job set ({Mutable}) = ({Placeholders(MutableCount)}), version = ?{MutableCount + 1} where seq = ?{MutableCount + 2} and version = ?{MutableCount + 1} - 1");
        insertPayload = new Statement(connection, "insert into job_payload (seq, payload) values (?1, ?2)");
        insertResult = new Statement(connection, "insert into job_result (seq, result) values (?1, ?2)");
        insertKey = new Statement(connection, "insert into idempotency_key (key, body_hash, job_id, created_at) values (?1, ?2, ?3, ?4) on conflict do nothing");
        purgeKeys = new Statement(connection, "delete from idempotency_key where key in (select key from idempotency_key where created_at < ?1 order by created_at limit 500)");
        setLeases = new Statement(connection, "update job set lease_until = ?1 where state = 'running'");
        probe = new Statement(connection, "insert into probe (id, checked_at) values (1, ?1) on conflict do update set checked_at = excluded.checked_at");
        findKey = connection.CreateCommand();
        findKey.CommandText = "select job_id, body_hash from idempotency_key where key = $key";
        findKey.Parameters.Add(new SqliteParameter { ParameterName = "$key" });
    }

    /// <summary>Adds the row; its <see cref="Job.Seq"/> must be set.</summary>
    public void InsertJob(Job job)
    {
        insertJob.Bind(1, job.Seq);
        insertJob.Bind(2, job.Id.ToString());
        insertJob.Bind(3, job.Version);
        insertJob.Bind(4, job.Queue);
        insertJob.Bind(5, job.Lane);
        insertJob.Bind(6, Encoding.UTF8.GetBytes(job.Command));
        insertJob.Bind(7, job.CreatedAt);
        BindMutable(insertJob, 8, job);
        insertJob.Run();
    }

    /// <summary>Replaces the version before; false where the row has another.</summary>
    public bool UpdateJob(Job job)
    {
        BindMutable(updateJob, 1, job);
        updateJob.Bind(MutableCount + 1, job.Version);
        updateJob.Bind(MutableCount + 2, job.Seq);
        return updateJob.Run() == 1;
    }

    public void InsertPayload(long seq, byte[] payload)
    {
        insertPayload.Bind(1, seq);
        insertPayload.Bind(2, payload);
        insertPayload.Run();
    }

    public void InsertResult(long seq, byte[] result)
    {
        insertResult.Bind(1, seq);
        insertResult.Bind(2, result);
        insertResult.Run();
    }

    /// <summary>Takes a key for a job; where it was taken before, returns that use.</summary>
    public KeyUse? TakeKey(IdempotencyKey key, Guid jobId)
    {
        insertKey.Bind(1, key.Key);
        insertKey.Bind(2, key.BodyHash);
        insertKey.Bind(3, jobId.ToString());
        insertKey.Bind(4, key.At.Milliseconds);
        if (insertKey.Run() == 1) return null;
        findKey.Parameters[0].Value = key.Key;
        using var reader = findKey.ExecuteReader();
        reader.Read();
        return new KeyUse(Guid.Parse(reader.GetString(0)), (byte[])reader.GetValue(1));
    }

    /// <summary>Drops up to 500 keys older than a time.</summary>
    public int PurgeKeys(SteadyTime before)
    {
        purgeKeys.Bind(1, before.Milliseconds);
        return purgeKeys.Run();
    }

    /// <summary>Makes every lease end at a time.</summary>
    public void SetLeases(long until)
    {
        setLeases.Bind(1, until);
        setLeases.Run();
    }

    public void Probe(long now)
    {
        probe.Bind(1, now);
        probe.Run();
    }

    public void Dispose()
    {
        foreach (var statement in (IDisposable[])[insertJob, updateJob, insertPayload, insertResult, insertKey, findKey, purgeKeys, setLeases, probe]) statement.Dispose();
    }

    private static void BindMutable(Statement statement, int first, Job job)
    {
        statement.Bind(first, job.State.Name());
        statement.Bind(first + 1, job.StartedAt);
        statement.Bind(first + 2, job.FinishedAt);
        statement.Bind(first + 3, job.LeaseUntil);
        statement.Bind(first + 4, job.Attempt);
        statement.Bind(first + 5, job.Failures);
        statement.Bind(first + 6, job.LostLeases);
        statement.Bind(first + 7, job.LeaseToken);
        statement.Bind(first + 8, job.WorkerId);
        statement.Bind(first + 9, job.ClaimId);
        statement.Bind(first + 10, job.CancelRequested ? 1 : 0);
        statement.Bind(first + 11, job.CancelReason);
        statement.Bind(first + 12, job.Error is null ? null : Encoding.UTF8.GetBytes(job.Error));
    }

    private static string Placeholders(int count) => string.Join(", ", Enumerable.Range(1, count).Select(static n => $"?{n}"));
}
