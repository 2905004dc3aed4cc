using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Jobs;

/// <summary>Removes a job's row, after those that refer to it; refused where it is at another version, or an unfinished job needs it.</summary>
internal sealed class JobDelete(Job job, long now) : Change
{
    private const string Statement = $"delete from job where seq = ?1 and version = ?2 and not {Edges.IsNeeded}";

    public override string Sql => Statement;

    public override bool CanBeRefused => true;

    public override void Bind(IParameters parameters)
    {
        parameters.Set(1, job.Seq);
        parameters.Set(2, job.Version);
    }

    public override void Count(ICounts counts) => counts.Move(job.Queue, job.State.Name(), null, now);
}

internal sealed class PayloadDelete(long seq) : Change
{
    public override string Sql => "delete from job_payload where seq = ?1";

    public override void Bind(IParameters parameters) => parameters.Set(1, seq);
}

internal sealed class ResultDelete(long seq) : Change
{
    public override string Sql => "delete from job_result where seq = ?1";

    public override void Bind(IParameters parameters) => parameters.Set(1, seq);
}

/// <summary>Removes an idempotency key whose job was deleted, unless it has made another since.</summary>
internal sealed class KeyDelete(string scope, string key) : Change
{
    private const string Statement = $"delete from idempotency_key as k where scope = ?1 and key = ?2 and {IdempotencyKeys.IsFree}";

    public override string Sql => Statement;

    public override void Bind(IParameters parameters)
    {
        parameters.Set(1, scope);
        parameters.Set(2, key);
    }
}

/// <summary>A deleted job's key may be used again at once; its row goes with all others of the same minute, since they have no index by job.</summary>
internal static class IdempotencyKeys
{
    /// <summary>Whether the job that a row <c>k</c> names was deleted.</summary>
    public const string IsFree = "(k.job_id is not null and not exists (select 1 from job where job.id = k.job_id))";
}
