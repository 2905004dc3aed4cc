using System.Text;
using Microsoft.Data.Sqlite;
using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Storage;

/// <summary>The prepared statements that write jobs, of one connection.</summary>
internal sealed class JobStatements : IDisposable
{
    private const string Mutable =
        "state, started_at, finished_at, lease_until, attempt, failures, lost_leases, lease_token, worker_id, claim_id, cancel_requested, cancel_reason, error";

    private static readonly string[] MutableNames = Mutable.Split(", ");

    private readonly SqliteCommand insertJob;
    private readonly SqliteCommand updateJob;
    private readonly SqliteCommand insertPayload;
    private readonly SqliteCommand insertResult;
    private readonly SqliteCommand insertKey;
    private readonly SqliteCommand findKey;
    private readonly SqliteCommand purgeKeys;
    private readonly SqliteCommand probe;
    private readonly SqliteCommand setLeases;

    public JobStatements(SqliteConnection connection)
    {
        var parameters = string.Join(", ", MutableNames.Select(n => "$" + n));
        insertJob = Prepare(connection, $"insert into job (seq, id, version, queue, lane, command, created_at, {Mutable}) values ($seq, $id, $version, $queue, $lane, $command, $created_at, {parameters})",
            ["seq", "id", "version", "queue", "lane", "command", "created_at", .. MutableNames]);
        updateJob = Prepare(connection, $"update job set version = $version, ({Mutable}) = ({parameters}) where seq = $seq and version = $version - 1",
            ["seq", "version", .. MutableNames]);
        insertPayload = Prepare(connection, "insert into job_payload (seq, payload) values ($seq, $payload)", ["seq", "payload"]);
        insertResult = Prepare(connection, "insert into job_result (seq, result) values ($seq, $result)", ["seq", "result"]);
        insertKey = Prepare(connection, "insert into idempotency_key (key, body_hash, job_id, created_at) values ($key, $body_hash, $job_id, $created_at) on conflict do nothing",
            ["key", "body_hash", "job_id", "created_at"]);
        findKey = Prepare(connection, "select job_id, body_hash from idempotency_key where key = $key", ["key"]);
        purgeKeys = Prepare(connection, "delete from idempotency_key where key in (select key from idempotency_key where created_at < $before order by created_at limit 500)", ["before"]);
        setLeases = Prepare(connection, "update job set lease_until = $until where state = 'running'", ["until"]);
        probe = Prepare(connection, "insert into probe (id, checked_at) values (1, $now) on conflict do update set checked_at = excluded.checked_at", ["now"]);
    }

    /// <summary>Adds the row; its <see cref="Job.Seq"/> must be set.</summary>
    public void InsertJob(Job job)
    {
        Set(insertJob, 0, job.Seq);
        Set(insertJob, 1, job.Id.ToString());
        Set(insertJob, 2, job.Version);
        Set(insertJob, 3, job.Queue);
        Set(insertJob, 4, job.Lane);
        Set(insertJob, 5, Encoding.UTF8.GetBytes(job.Command));
        Set(insertJob, 6, job.CreatedAt);
        SetMutable(insertJob, 7, job);
        insertJob.ExecuteNonQuery();
    }

    /// <summary>Replaces the version before; false where the row has another.</summary>
    public bool UpdateJob(Job job)
    {
        Set(updateJob, 0, job.Seq);
        Set(updateJob, 1, job.Version);
        SetMutable(updateJob, 2, job);
        return updateJob.ExecuteNonQuery() == 1;
    }

    public void InsertPayload(long seq, byte[] payload)
    {
        Set(insertPayload, 0, seq);
        Set(insertPayload, 1, payload);
        insertPayload.ExecuteNonQuery();
    }

    public void InsertResult(long seq, byte[] result)
    {
        Set(insertResult, 0, seq);
        Set(insertResult, 1, result);
        insertResult.ExecuteNonQuery();
    }

    /// <summary>Takes a key for a job; where it was taken before, returns that use.</summary>
    public KeyUse? TakeKey(IdempotencyKey key, Guid jobId, long now)
    {
        Set(insertKey, 0, key.Key);
        Set(insertKey, 1, key.BodyHash);
        Set(insertKey, 2, jobId.ToString());
        Set(insertKey, 3, now);
        if (insertKey.ExecuteNonQuery() == 1) return null;
        Set(findKey, 0, key.Key);
        using var reader = findKey.ExecuteReader();
        reader.Read();
        return new KeyUse(Guid.Parse(reader.GetString(0)), (byte[])reader.GetValue(1));
    }

    /// <summary>Drops up to 500 keys older than a time.</summary>
    public int PurgeKeys(long before)
    {
        Set(purgeKeys, 0, before);
        return purgeKeys.ExecuteNonQuery();
    }

    /// <summary>Makes every lease end at a time.</summary>
    public void SetLeases(long until)
    {
        Set(setLeases, 0, until);
        setLeases.ExecuteNonQuery();
    }

    public void Probe(long now)
    {
        Set(probe, 0, now);
        probe.ExecuteNonQuery();
    }

    public void Dispose()
    {
        foreach (var command in (SqliteCommand[])[insertJob, updateJob, insertPayload, insertResult, insertKey, findKey, purgeKeys, setLeases, probe]) command.Dispose();
    }

    private static void SetMutable(SqliteCommand command, int first, Job job)
    {
        Set(command, first, job.State.Name());
        Set(command, first + 1, job.StartedAt);
        Set(command, first + 2, job.FinishedAt);
        Set(command, first + 3, job.LeaseUntil);
        Set(command, first + 4, job.Attempt);
        Set(command, first + 5, job.Failures);
        Set(command, first + 6, job.LostLeases);
        Set(command, first + 7, job.LeaseToken);
        Set(command, first + 8, job.WorkerId);
        Set(command, first + 9, job.ClaimId);
        Set(command, first + 10, job.CancelRequested ? 1 : 0);
        Set(command, first + 11, job.CancelReason);
        Set(command, first + 12, job.Error is null ? null : Encoding.UTF8.GetBytes(job.Error));
    }

    private static void Set(SqliteCommand command, int index, object? value) => command.Parameters[index].Value = value ?? DBNull.Value;

    private static SqliteCommand Prepare(SqliteConnection connection, string sql, string[] parameters)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // built from the constants above
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var name in parameters) command.Parameters.Add(new SqliteParameter { ParameterName = "$" + name });
        command.Prepare();
        return command;
    }
}
