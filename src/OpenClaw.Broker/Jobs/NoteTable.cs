using System.Text;
using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Jobs;

/// <summary>The table <c>job_event</c>: what was noted of jobs.</summary>
internal static class NoteTable
{
    /// <summary>The notes of the job ?1.</summary>
    public const string Select =
        "select at, event, state, round, attempt, actor, kind, worker_id, started_at, detail from job_event where seq = ?1 order by id";

    public static JobNote Read(IRow row) => new(row.Number(0)!.Value, row.Text(1)!, JobStateNames.Parse(row.Text(2)) ?? JobState.Queued,
        (int)row.Number(3)!.Value, (int)row.Number(4)!.Value, row.Text(5), row.Text(6), row.Text(7), row.Number(8),
        row.Blob(9) is { } detail ? Encoding.UTF8.GetString(detail) : null);
}

internal sealed class NoteInsert(long seq, JobNote note) : Change
{
    /// <summary>Longer details are cut here, in characters: a job with many attempts stays small.</summary>
    private const int LongestDetail = 8000;

    private readonly byte[]? detail = note.Detail is null ? null : Encoding.UTF8.GetBytes(note.Detail.Length > LongestDetail
        ? JobTable.Beginning(note.Detail, LongestDetail) : note.Detail);

    public override string Sql =>
        "insert into job_event (seq, at, event, state, round, attempt, actor, kind, worker_id, started_at, detail) "
        + "values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

    public override int Size => (detail?.Length ?? 0) + 128;

    public override void Bind(IParameters parameters)
    {
        parameters.Set(1, seq);
        parameters.Set(2, note.At);
        parameters.Set(3, note.Event);
        parameters.Set(4, note.State.Name());
        parameters.Set(5, note.Round);
        parameters.Set(6, note.Attempt);
        parameters.Set(7, note.Actor);
        parameters.Set(8, note.Kind);
        parameters.Set(9, note.WorkerId);
        parameters.Set(10, note.StartedAt);
        parameters.Set(11, detail);
    }
}
