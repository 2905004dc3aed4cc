using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Schedules;

/// <summary>The tables <c>schedule</c> and <c>schedule_job</c>.</summary>
internal static class ScheduleTable
{
    public static readonly Table<Schedule> Rows = new(
        "schedule", ["name", "revision"], static () => new Schedule { Name = "" },
        Columns<Schedule>.Text("name", s => s.Name, Writing.Once),
        Columns<Schedule>.Number("version", s => s.Version),
        Columns<Schedule>.Number("revision", s => s.Revision),
        Columns<Schedule>.Text("cron", s => s.Cron),
        Columns<Schedule>.Number("every_seconds", s => s.EverySeconds),
        Columns<Schedule>.Text("time_zone", s => s.TimeZone),
        Columns<Schedule>.Number("start_at", s => s.StartAt),
        Columns<Schedule>.Number("end_at", s => s.EndAt),
        Columns<Schedule>.Number("jitter_seconds", s => s.JitterSeconds),
        Columns<Schedule>.As("catch_up", s => s.CatchUp, static v => v.Name(), static t => ScheduleWords.ParseCatchUp(t)!.Value),
        Columns<Schedule>.Number("catch_up_window_seconds", s => s.CatchUpWindowSeconds),
        Columns<Schedule>.As("overlap", s => s.Overlap, static v => v.Name(), static t => ScheduleWords.ParseOverlap(t)!.Value),
        Columns<Schedule>.Utf8("command", s => s.Command),
        Columns<Schedule>.Number("created_at", s => s.CreatedAt, Writing.Once),
        Columns<Schedule>.Text("made_by", s => s.MadeBy),
        Columns<Schedule>.Text("actor", s => s.Actor),
        Columns<Schedule>.Text("person", s => s.Person),
        Columns<Schedule>.Number("max_queued", s => s.MaxQueued),
        Columns<Schedule>.Number("paused_at", s => s.PausedAt),
        Columns<Schedule>.Text("paused_by", s => s.PausedBy),
        Columns<Schedule>.Text("pause_reason", s => s.PauseReason),
        Columns<Schedule>.Number("next_tick", s => s.NextTick),
        Columns<Schedule>.Number("kept_tick", s => s.KeptTick),
        Columns<Schedule>.Number("last_tick", s => s.LastTick),
        Columns<Schedule>.As("last_job", s => s.LastJob, static v => v?.ToString(), static t => t is null ? null : Guid.Parse(t)),
        Columns<Schedule>.Number("missed", s => s.Missed),
        Columns<Schedule>.Number("skipped", s => s.Skipped));

    private static readonly string FindSql = $"select {Rows.Select("s")} from schedule s where s.name = ?1";

    private static readonly string PageSql = $"select {Rows.Select("s")} from schedule s where s.name > ?1 order by s.name limit ?2";

    public static readonly Query<string> Names = new("select name from schedule order by name", static row => row.Text(0)!);

    public static readonly Query<long> Number = new("select count(*) from schedule", static row => row.Number(0)!.Value);

    public static Query<Schedule> Find(string name) => new(FindSql, Rows.Read, name);

    /// <summary>The JSON of what a schedule makes.</summary>
    public static Query<string> Job(string name) => new("select job from schedule_job where name = ?1", static row => row.Text(0)!, name);

    /// <summary>In the order of their names.</summary>
    public static Query<Schedule> Page(string after, int limit) => new(PageSql, Rows.Read, after, limit);
}

/// <summary>A new schedule; refused where the name is taken.</summary>
internal sealed class ScheduleInsert(Schedule schedule) : Change
{
    private static readonly string Statement = ScheduleTable.Rows.Insert + " on conflict do nothing";

    public override string Sql => Statement;

    public override bool CanBeRefused => true;

    public override void Bind(IParameters parameters) => ScheduleTable.Rows.WriteAll(schedule, parameters);
}

/// <summary>A schedule's next revision; refused where the row is at another than the one before it, or gone.</summary>
internal sealed class ScheduleUpdate(Schedule from, Schedule to) : Change
{
    private readonly Assignments<Schedule> written = ScheduleTable.Rows.Changed(from, to);

    public override string Sql => written.Statement;

    public override bool CanBeRefused => true;

    public override void Bind(IParameters parameters)
    {
        written.Write(to, parameters);
        parameters.Set(written.Width + 1, from.Name);
        parameters.Set(written.Width + 2, from.Revision);
    }
}

/// <summary>What a schedule makes, in the place of what it made before.</summary>
internal sealed class ScheduleJobWrite(string name, string job) : Change
{
    public override string Sql => "insert into schedule_job (name, job) values (?1, ?2) on conflict (name) do update set job = excluded.job";

    public override int Size => job.Length + 64;

    public override void Bind(IParameters parameters)
    {
        parameters.Set(1, name);
        parameters.Set(2, job);
    }
}

internal sealed class ScheduleJobDelete(string name) : Change
{
    public override string Sql => "delete from schedule_job where name = ?1";

    public override void Bind(IParameters parameters) => parameters.Set(1, name);
}

internal sealed class ScheduleDelete(string name) : Change
{
    public override string Sql => "delete from schedule where name = ?1";

    public override bool CanBeRefused => true;

    public override void Bind(IParameters parameters) => parameters.Set(1, name);
}
