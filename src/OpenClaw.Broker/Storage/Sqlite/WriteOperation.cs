using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>One thing to write, all or nothing; its task completes when it is on the disk.</summary>
internal abstract class WriteOperation
{
    private readonly TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Done => done.Task;

    /// <summary>Roughly how much it adds to the log, in bytes.</summary>
    public virtual int Size => 512;

    /// <summary>Whether it may use the space that is kept for what must still be said on a full disk.</summary>
    public virtual bool IsEssential => true;

    /// <summary>Why it was refused, found out while executing; nothing was changed then.</summary>
    public Exception? Refused { get; protected set; }

    public abstract void Execute(WriterState state);

    public void Complete()
    {
        if (Refused is null) done.TrySetResult();
        else done.TrySetException(Refused);
    }

    public void Fail(Exception why) => done.TrySetException(why);
}

/// <summary>What the writer's operations work on.</summary>
internal sealed class WriterState(JobStatements sql, long lastSeq)
{
    public JobStatements Sql { get; } = sql;

    /// <summary>The newest place in the order of acceptance.</summary>
    public long LastSeq { get; set; } = lastSeq;
}

/// <summary>A new job with its payload and, where it has one, its idempotency key.</summary>
internal sealed class JobInsert(Job job, byte[] payload, IdempotencyKey? key) : WriteOperation
{
    /// <summary>The job with its place in the order.</summary>
    public Job Job { get; private set; } = job;

    /// <summary>The job that used the key before; then nothing was written.</summary>
    public KeyUse? EarlierUse { get; private set; }

    public override int Size => 512 + payload.Length;

    public override bool IsEssential => false;

    public override void Execute(WriterState state)
    {
        EarlierUse = key is null ? null : state.Sql.TakeKey(key, Job.Id);
        if (EarlierUse is not null) return;
        Job = Job with { Seq = ++state.LastSeq };
        state.Sql.InsertJob(Job);
        state.Sql.InsertPayload(Job.Seq, payload);
    }
}

/// <summary>A job's next version and, at its end, its result.</summary>
internal sealed class JobUpdate(Job job, byte[]? result) : WriteOperation
{
    public override int Size => 512 + (result?.Length ?? 0);

    public override void Execute(WriterState state)
    {
        Refused = null;
        try
        {
            if (!state.Sql.UpdateJob(job))
            {
                Refused = new Orleans.Storage.InconsistentStateException($"job {job.Id} is not at version {job.Version - 1}");
                return;
            }
        }
        catch (Microsoft.Data.Sqlite.SqliteException e) when (e.SqliteExtendedErrorCode == SQLitePCL.raw.SQLITE_CONSTRAINT_UNIQUE)
        {
            Refused = new ClaimIdInUseException();
            return;
        }
        if (result is not null) state.Sql.InsertResult(job.Seq, result);
    }
}

/// <summary>Drops idempotency keys of before a time, a few at once.</summary>
internal sealed class KeyPurge(SteadyTime before) : WriteOperation
{
    public int Dropped { get; private set; }

    public override void Execute(WriterState state) => Dropped = state.Sql.PurgeKeys(before);
}

/// <summary>Gives every running job's worker until a time to be heard of: at a start, before any grain has read a job.</summary>
internal sealed class LeaseGrace(long until) : WriteOperation
{
    public override void Execute(WriterState state) => state.Sql.SetLeases(until);
}

/// <summary>Proves that a write reaches the disk.</summary>
internal sealed class ProbeWrite(long now) : WriteOperation
{
    public override bool IsEssential => false;

    public override void Execute(WriterState state) => state.Sql.Probe(now);
}
