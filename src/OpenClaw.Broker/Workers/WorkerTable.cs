using System.Text;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Workers;

/// <summary>What a worker told of itself, and whether somebody drains it.</summary>
/// <param name="Commands">JSON; null where it told nothing.</param>
/// <param name="ToldAt">Milliseconds since 1970.</param>
internal sealed record WorkerRow(string Id, string? Version, string? Commands, long? ToldAt, Drain? Drain)
{
    /// <summary>What a worker told that it serves.</summary>
    public static IEnumerable<(string Name, string? Definition)> Served(string? commands)
    {
        foreach (var command in commands is null ? [] : RequestBody.Items(Encoding.UTF8.GetBytes(commands)))
        {
            var fields = RequestBody.ParseMembers(command, "name", "definition");
            yield return (Encoding.UTF8.GetString(fields[0].Text!), fields[1].Text is { } definition ? Encoding.UTF8.GetString(definition) : null);
        }
    }
}

/// <summary>Why a worker gets no more jobs.</summary>
/// <param name="Since">Milliseconds since 1970.</param>
internal sealed record Drain(long Since, string By, string? Reason);

/// <summary>The table <c>worker</c>.</summary>
internal static class WorkerTable
{
    public static readonly Query<WorkerRow> All = new("select id, version, commands, told_at, drained_at, drained_by, drain_reason from worker order by id",
        static row => new WorkerRow(row.Text(0)!, row.Text(1), row.Text(2), row.Number(3),
            row.Number(4) is { } since ? new Drain(since, row.Text(5)!, row.Text(6)) : null));

    /// <summary>The jobs that a worker runs and is to stop.</summary>
    public static Query<string> ToCancel(string worker) => new(
        "select id from job where state = 'running' and worker_id = ?1 and cancel_requested = 1 order by seq", static row => row.Text(0)!, worker);
}

/// <summary>Notes what a worker tells of itself.</summary>
internal sealed class WorkerTold(string id, string? version, string commands, long now) : Change
{
    public override string Sql => "insert into worker (id, version, commands, told_at) values (?1, ?2, ?3, ?4) "
        + "on conflict (id) do update set version = excluded.version, commands = excluded.commands, told_at = excluded.told_at";

    public override int Size => 512 + commands.Length;

    public override void Bind(IParameters parameters)
    {
        parameters.Set(1, id);
        parameters.Set(2, version);
        parameters.Set(3, commands);
        parameters.Set(4, now);
    }
}

/// <summary>A worker gets no more jobs, or gets them again.</summary>
internal sealed class WorkerDrained(string id, Drain? drain) : Change
{
    public override string Sql => "insert into worker (id, drained_at, drained_by, drain_reason) values (?1, ?2, ?3, ?4) "
        + "on conflict (id) do update set drained_at = excluded.drained_at, drained_by = excluded.drained_by, drain_reason = excluded.drain_reason";

    public override void Bind(IParameters parameters)
    {
        parameters.Set(1, id);
        parameters.Set(2, drain?.Since);
        parameters.Set(3, drain?.By);
        parameters.Set(4, drain?.Reason);
    }
}

/// <summary>Drops what workers told that have not been heard of since, and that nobody drains.</summary>
internal sealed class WorkersDelete(long before) : Change
{
    public override string Sql => "delete from worker where drained_at is null and coalesce(told_at, 0) < ?1";

    public override void Bind(IParameters parameters) => parameters.Set(1, before);
}
