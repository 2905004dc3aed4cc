using System.Text;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Jobs;

/// <summary>What becomes of a job whose unique key another one has.</summary>
internal enum OnConflict
{
    /// <summary>The other one is the answer.</summary>
    Return,

    /// <summary>The waiting one gets the payload and the time of the new.</summary>
    Replace,

    /// <summary>409.</summary>
    Reject,

    /// <summary>As <see cref="Replace"/>; but while one runs, the new one waits for its end.</summary>
    KeepLatest,
}

/// <summary>What a client wants to be there once.</summary>
/// <param name="WithinMs">So long after its creation the key is taken, also when the job has ended before.</param>
internal sealed record Unique(string Key, long? WithinMs, OnConflict OnConflict)
{
    public const int MaxLength = 255;

    /// <summary>The latest is kept: what runs is no conflict, and jobs with the key run one after the other.</summary>
    public string? SerialKey(string command) => OnConflict == OnConflict.KeepLatest ? $"{SerialKeys.Own}{command} {Key}" : null;
}

/// <summary>
/// The table <c>unique_key</c>: which job has a key, within a queue and command. The job's own row says whether it has it
/// still, so that a key can't be left behind.
/// </summary>
internal static class UniqueKeys
{
    /// <summary>The job that has a key.</summary>
    public const string Holder = "select job_id from unique_key where queue = ?1 and command = ?2 and key = ?3";

    /// <summary>Keys that nobody has any more, at the steady time ?1.</summary>
    public const string Free = $"select queue, command, key from unique_key k where {IsFree} limit 5000";

    /// <summary>Whether nobody has the key of a row <c>k</c> any more, at the steady time ?1.</summary>
    public const string IsFree = "coalesce(k.until, 0) <= ?1 and not exists "
        + "(select 1 from job j where j.id = k.job_id and j.queue = k.queue and j.finished_at is null)";
}

/// <summary>Removes a unique key that nobody has any more.</summary>
internal sealed class UniqueDelete(SteadyTime now, string queue, byte[] command, string key) : Change
{
    public override string Sql => $"delete from unique_key as k where {UniqueKeys.IsFree} and queue = ?2 and command = ?3 and key = ?4";

    public override void Bind(IParameters parameters)
    {
        parameters.Set(1, now.Milliseconds);
        parameters.Set(2, queue);
        parameters.Set(3, command);
        parameters.Set(4, key);
    }
}

/// <summary>Takes a unique key for a job; refused where another one has it.</summary>
/// <param name="until">Until when it is taken whatever becomes of the job; null for as long as the job is unfinished.</param>
/// <param name="isLatest">Whether a running job has given up the key.</param>
internal sealed class UniqueInsert(Job job, SteadyTime now, SteadyTime? until, bool isLatest) : Change
{
    private const string Take = "insert into unique_key as k (queue, command, key, job_id, until) values (?1, ?2, ?3, ?4, ?5) "
        + "on conflict (queue, command, key) do update set job_id = excluded.job_id, until = excluded.until where not exists "
        + "(select 1 from job j where j.id = k.job_id and j.queue = k.queue and j.id <> excluded.job_id and (coalesce(k.until, 0) > ?6 or ";

    private const string AsUnfinished = Take + "j.finished_at is null))";
    private const string AsWaiting = Take + "j.state in ('queued', 'scheduled', 'held')))";

    public Guid JobId => job.Id;

    public override string Sql => isLatest ? AsWaiting : AsUnfinished;

    /// <summary>For a job that has begun anew, or has come into another queue.</summary>
    public static UniqueInsert Anew(Job job, SteadyTime now) => new(job, now, null, isLatest: job.SerialKey is [SerialKeys.Own, ..]);

    public override bool CanBeRefused => true;

    public override void Bind(IParameters parameters)
    {
        parameters.Set(1, job.Queue);
        parameters.Set(2, Encoding.UTF8.GetBytes(job.Command));
        parameters.Set(3, job.UniqueKey);
        parameters.Set(4, job.Id.ToString());
        parameters.Set(5, until?.Milliseconds);
        parameters.Set(6, now.Milliseconds);
    }
}

/// <summary>Another job has the unique key.</summary>
internal sealed class UniqueKeyHeldException() : Exception("another job has the unique key");

/// <summary>What was to go with a change has happened before.</summary>
internal sealed class AlreadySoException() : Exception("it is so already");

/// <summary>An unfinished job needs the job that was to go.</summary>
internal sealed class JobNeededException() : Exception("an unfinished job needs it");
