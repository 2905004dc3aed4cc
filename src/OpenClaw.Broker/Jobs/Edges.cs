using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Jobs;

/// <summary>
/// The tables <c>job_edge</c> and <c>batch</c>: what a job waits for. They are the outbox as well: an edge is closed in the commit in
/// which its child hears of the parent's end, so that no kill comes between.
/// </summary>
internal static class Edges
{
    /// <summary>Whether an unfinished job needs the job of a row <c>job</c>: it is its parent, or of its batch.</summary>
    public const string IsNeeded = "(exists (select 1 from job_edge e join job c on c.id = e.child where e.parent = job.id and c.finished_at is null) "
        + "or exists (select 1 from batch b where b.id = job.batch and (b.is_told = 0 "
        + "or exists (select 1 from job c where c.id in (b.on_success, b.on_complete) and c.finished_at is null))))";

    /// <summary>What has to follow a change of a job in the same commit.</summary>
    public static IReadOnlyList<Change> After(Job before, Job next, JobEvent e) => e switch
    {
        Retried { Parents: { Count: > 0 } parents } => [.. parents.Select(parent => new EdgeOpen(parent, next.Id))],
        Retried { Batch: { } batch } => [new BatchOpen(batch)],
        ParentEnded ended when !next.IsFinal => [new EdgeClose(ended.Parent, next.Id)],
        ParentEnded ended => [new EdgeClose(ended.Parent, next.Id), new EdgesClose(next.Id)],
        _ when next.IsFinal && before.Holds.Any(static h => h.Kind == HoldKinds.Parents) => [new EdgesClose(next.Id)],
        _ => [],
    };
}

/// <summary>A change of the edge between two jobs; refused where there is nothing to change.</summary>
internal abstract class EdgeChange(Guid parent, Guid child) : Change
{
    public Guid Child => child;

    public override bool CanBeRefused => true;

    public override void Bind(IParameters parameters)
    {
        parameters.Set(1, parent.ToString());
        parameters.Set(2, child.ToString());
    }
}

/// <summary>A new job waits for a parent; refused where there is no such job.</summary>
internal sealed class EdgeInsert(Guid parent, Guid child) : EdgeChange(parent, child)
{
    public override string Sql => "insert into job_edge (parent, child) select ?1, ?2 where exists (select 1 from job where id = ?1)";
}

/// <summary>A job that begins anew waits for a parent again.</summary>
internal sealed class EdgeOpen(Guid parent, Guid child) : EdgeChange(parent, child)
{
    public override string Sql => "update job_edge set is_open = 1 where parent = ?1 and child = ?2 and is_open = 0";
}

/// <summary>A child hears of its parent's end; refused where it has heard of it.</summary>
internal sealed class EdgeClose(Guid parent, Guid child) : EdgeChange(parent, child)
{
    public override string Sql => "update job_edge set is_open = 0 where parent = ?1 and child = ?2 and is_open = 1";
}

/// <summary>A job that has ended waits for nobody.</summary>
internal sealed class EdgesClose(Guid child) : Change
{
    public override string Sql => "update job_edge set is_open = 0 where child = ?1 and is_open = 1";

    public override void Bind(IParameters parameters) => parameters.Set(1, child.ToString());
}

/// <summary>Removes the edges of a job that is deleted.</summary>
internal sealed class EdgesDelete(Guid job) : Change
{
    public override string Sql => "delete from job_edge where parent = ?1 or child = ?1";

    public override void Bind(IParameters parameters) => parameters.Set(1, job.ToString());
}

/// <summary>A new batch, and the jobs that wait for its end.</summary>
/// <param name="now">Milliseconds since 1970.</param>
internal sealed class BatchInsert(Guid batch, Guid? onSuccess, Guid? onComplete, long now) : Change
{
    public override string Sql => "insert into batch (id, created_at, on_success, on_complete) values (?1, ?2, ?3, ?4)";

    public override void Bind(IParameters parameters)
    {
        parameters.Set(1, batch.ToString());
        parameters.Set(2, now);
        parameters.Set(3, onSuccess?.ToString());
        parameters.Set(4, onComplete?.ToString());
    }
}

/// <summary>A job comes into a batch; refused where there is none, or it has ended.</summary>
internal sealed class BatchJoin(Guid batch) : Change
{
    public override string Sql => "update batch set created_at = created_at where id = ?1 and ended_at is null";

    public override bool CanBeRefused => true;

    public override void Bind(IParameters parameters) => parameters.Set(1, batch.ToString());
}

/// <summary>A batch whose success a job waits for again has not ended.</summary>
internal sealed class BatchOpen(Guid batch) : Change
{
    public override string Sql => "update batch set ended_at = null, is_told = 0 where id = ?1";

    public override void Bind(IParameters parameters) => parameters.Set(1, batch.ToString());
}
