using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Links;

/// <summary>News that a child has not heard: its parent has ended.</summary>
internal readonly record struct EndedParent(Guid Child, Guid Parent, bool IsOk);

/// <summary>A batch, and the jobs that wait for its end.</summary>
internal readonly record struct Batch(Guid Id, Guid? OnSuccess, Guid? OnComplete);

/// <summary>What is asked of the tables about jobs that wait for others.</summary>
internal static class LinkTable
{
    /// <summary>So much is looked at in one read.</summary>
    public const int Page = 500;

    private const string EndedSql = "select e.child, e.parent, p.state = 'done' from job_edge e join job p on p.id = e.parent "
        + "where e.is_open = 1 and p.finished_at is not null";

    private const string BatchSql = "select b.id, b.on_success, b.on_complete from batch b where b.is_told = 0 "
        + "and not exists (select 1 from job j where j.batch = b.id and j.finished_at is null)";

    /// <summary>The news that are due after an edge, in the order of the edges, some at once.</summary>
    public static Query<EndedParent> AllEnded(Guid parent, Guid child) =>
        new($"{EndedSql} and (e.parent, e.child) > (?1, ?2) order by e.parent, e.child limit {Page}", Ended, parent.ToString(), child.ToString());

    public static Query<EndedParent> EndedFor(Guid child) => new($"{EndedSql} and e.child = ?1", Ended, child.ToString());

    public static Query<EndedParent> EndOf(Guid parent) => new($"{EndedSql} and e.parent = ?1", Ended, parent.ToString());

    /// <summary>Whether any job waits for another.</summary>
    public static readonly Query<long> HasEdges = new("select 1 from job_edge where is_open = 1 limit 1", static row => row.Number(0)!.Value);

    /// <summary>A batch of which no job is unfinished, and whose end nobody has heard of.</summary>
    public static Query<Batch> EndedBatch(Guid batch) => new($"{BatchSql} and b.id = ?1", ReadBatch, batch.ToString());

    public static readonly Query<Batch> EndedBatches = new(BatchSql, ReadBatch);

    /// <summary>A row where a job of the batch is not done.</summary>
    public static Query<long> Failed(Guid batch) =>
        new("select 1 from job where batch = ?1 and state <> 'done' limit 1", static row => row.Number(0)!.Value, batch.ToString());

    private static EndedParent Ended(IRow row) => new(Guid.Parse(row.Text(0)!), Guid.Parse(row.Text(1)!), row.Number(2) != 0);

    private static Batch ReadBatch(IRow row) => new(Guid.Parse(row.Text(0)!), Id(row.Text(1)), Id(row.Text(2)));

    private static Guid? Id(string? text) => text is null ? null : Guid.Parse(text);
}

/// <summary>A batch has ended: it takes no more jobs. Refused where a job of it is unfinished again.</summary>
/// <param name="now">Milliseconds since 1970.</param>
internal sealed class BatchEnd(Guid batch, long now) : Change
{
    public override string Sql => "update batch set ended_at = coalesce(ended_at, ?2) where id = ?1 "
        + "and not exists (select 1 from job j where j.batch = ?1 and j.finished_at is null)";

    public override bool CanBeRefused => true;

    public override void Bind(IParameters parameters)
    {
        parameters.Set(1, batch.ToString());
        parameters.Set(2, now);
    }
}

/// <summary>Those that wait for the batch's end have heard of it.</summary>
internal sealed class BatchTold(Guid batch) : Change
{
    public override string Sql => "update batch set is_told = 1 where id = ?1 and ended_at is not null";

    public override void Bind(IParameters parameters) => parameters.Set(1, batch.ToString());
}
