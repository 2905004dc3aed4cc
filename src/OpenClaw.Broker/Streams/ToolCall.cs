using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Streams;

/// <summary>A question that a running job has for somebody.</summary>
/// <param name="Arguments">JSON.</param>
/// <param name="Result">UTF-8; of one that failed its error.</param>
/// <param name="RequestedAt">Milliseconds since 1970, as <paramref name="CompletedAt"/>.</param>
internal sealed record ToolCall(
    long Id, Guid Job, string Name, byte[]? Arguments, string Status, byte[]? Result, long RequestedAt, long? CompletedAt);

/// <summary>What became of a question.</summary>
internal static class ToolCallStatuses
{
    public const string Pending = "pending";
    public const string Completed = "completed";
    public const string Failed = "failed";
}

/// <summary>What is asked of the table <c>tool_call</c>.</summary>
internal static class ToolCallTable
{
    private const string Select = "select t.id, j.id, t.name, t.arguments, t.status, t.result, t.requested_at, t.completed_at "
        + "from tool_call t join job j on j.seq = t.seq ";

    public static Query<ToolCall> Find(long id) => new(Select + "where t.id = ?1", Read, id);

    public static Query<ToolCall> OfJob(long seq, string status, int limit) =>
        new(Select + "where t.seq = ?1 and t.status = ?2 order by t.id limit ?3", Read, seq, status, limit);

    private static ToolCall Read(IRow row) => new(row.Number(0)!.Value, Guid.Parse(row.Text(1)!), row.Text(2)!, row.Blob(3), row.Text(4)!, row.Blob(5),
        row.Number(6)!.Value, row.Number(7));
}

/// <summary>A running job asks; refused where it does not run, or no longer at this attempt. <see cref="Id"/> is known once it is written.</summary>
/// <param name="now">Milliseconds since 1970.</param>
internal sealed class ToolCallInsert(Job job, string name, byte[]? arguments, long now) : Change
{
    public long Id { get; private set; }

    public override string Sql => "insert into tool_call (id, seq, name, arguments, requested_at) select ?6, seq, ?2, ?3, ?4 from job "
        + "where seq = ?1 and state = 'running' and attempt = ?5";

    public override int Size => (arguments?.Length ?? 0) + 256;

    public override bool CanBeRefused => true;

    public override void Number(Ledger ledger) => Id = ledger.NextChunk();

    public override void Bind(IParameters parameters)
    {
        parameters.Set(1, job.Seq);
        parameters.Set(2, name);
        parameters.Set(3, arguments);
        parameters.Set(4, now);
        parameters.Set(5, job.Attempt);
        parameters.Set(6, Id);
    }
}

/// <summary>Somebody answers; refused where somebody has.</summary>
/// <param name="now">Milliseconds since 1970.</param>
internal sealed class ToolCallEnd(long id, string status, byte[] result, long now) : Change
{
    public override string Sql => "update tool_call set status = ?2, result = ?3, completed_at = ?4 where id = ?1 and completed_at is null";

    public override int Size => result.Length + 64;

    public override bool CanBeRefused => true;

    public override void Bind(IParameters parameters)
    {
        parameters.Set(1, id);
        parameters.Set(2, status);
        parameters.Set(3, result);
        parameters.Set(4, now);
    }
}
