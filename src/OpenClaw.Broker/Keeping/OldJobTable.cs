using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Keeping;

/// <summary>What is asked of the tables, and changed in them, to drop old jobs.</summary>
internal static class OldJobTable
{
    /// <summary>How many numbers of jobs a read looks at.</summary>
    public const int Slice = 5000;

    /// <summary>What nothing needs any more: no unique key's window is open, no unfinished job depends on it. ?4 is the steady time.</summary>
    private const string IsFree = "not exists (select 1 from unique_key k where k.queue = job.queue and k.command = job.command and k.key = job.unique_key "
        + $"and k.job_id = job.id and k.until > ?4) and not {Edges.IsNeeded}";

    private static readonly string EndedSql = $"select {JobTable.Rows.Select("job")} from job where job.seq > ?1 and job.seq <= ?2 and job.state = ?5 "
        + $"and job.finished_at < ?3 and {IsFree} order by job.seq";

    private static readonly string OldestSql = $"select {JobTable.Rows.Select("job")} from job where job.seq > ?1 and job.finished_at is not null "
        + $"and job.queue <> '{QueueNames.Hooks}' and {IsFree} order by job.seq limit 500";

    public static readonly Query<long> IsFromPython = new("select 1 from meta where from_python = 1", static row => row.Number(0)!.Value);

    /// <summary>A row where more than a tenth of the file, and than some megabytes, is free and can be given back.</summary>
    public static readonly Query<long> HasSpace = new("select 1 from pragma_freelist_count f, pragma_page_count p, pragma_auto_vacuum v "
        + "where v.auto_vacuum = 2 and f.freelist_count > 2000 and f.freelist_count > p.page_count / 10", static row => row.Number(0)!.Value);

    /// <summary>How far acceptance had come at a steady time.</summary>
    public static Query<long> Pace(SteadyTime at) => new("select coalesce(max(seq), 0) from pace where steady_ms <= ?1",
        static row => row.Number(0)!.Value, at.Milliseconds);

    /// <param name="before">The date of their end, in milliseconds since 1970.</param>
    public static Query<Job> Ended(long after, long until, JobState state, long before, SteadyTime now) =>
        new(EndedSql, JobTable.Rows.Read, after, until, before, now.Milliseconds, state.Name());

    /// <summary>The oldest ended jobs of people after a number.</summary>
    public static Query<Job> Oldest(long after, SteadyTime now) => new(OldestSql, JobTable.Rows.Read, after, null, null, now.Milliseconds);
}

/// <summary>Notes how far acceptance has come.</summary>
internal sealed class PaceInsert(SteadyTime now) : Change
{
    public override string Sql => "insert into pace (steady_ms, seq) select ?1, last_seq from meta where true on conflict do nothing";

    public override void Bind(IParameters parameters) => parameters.Set(1, now.Milliseconds);
}

/// <summary>Drops what was noted before the newest note that is still needed.</summary>
internal sealed class PaceDelete(SteadyTime oldest) : Change
{
    public override string Sql => "delete from pace where steady_ms < (select max(steady_ms) from pace where steady_ms <= ?1)";

    public override void Bind(IParameters parameters) => parameters.Set(1, oldest.Milliseconds);
}

/// <summary>Drops batches of which no job is left.</summary>
internal sealed class BatchesDelete : Change
{
    public override string Sql => "delete from batch where id in (select id from batch b where b.is_told = 1 "
        + "and not exists (select 1 from job where job.batch = b.id) limit 500)";

    public override void Bind(IParameters parameters)
    {
    }
}

/// <summary>Gives some of the file's free pages back to the disk.</summary>
internal sealed class SpaceReturn : Change
{
    public override string Sql => "pragma incremental_vacuum(256)";

    public override int Size => 1 << 20;

    public override void Bind(IParameters parameters)
    {
    }
}
