using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Access;

/// <summary>One transaction's entries, as they are hashed.</summary>
/// <param name="At">Milliseconds since 1970.</param>
/// <param name="Entries">A JSON array.</param>
internal sealed record AuditLink(long N, long At, string Entries, byte[] Hash);

/// <summary>The table <c>audit</c>; only the writer adds to it.</summary>
internal static class AuditTable
{
    private const string Columns = "n, at, entries, hash";

    /// <summary>Links before a number, newest first.</summary>
    public static Query<AuditLink> Before(long n, int limit) => new($"select {Columns} from audit where n < ?1 order by n desc limit ?2", Read, n, limit);

    /// <summary>Links after a number, oldest first.</summary>
    public static Query<AuditLink> After(long n, int limit) => new($"select {Columns} from audit where n > ?1 order by n limit ?2", Read, n, limit);

    /// <summary>The last link that was dropped for its age: its number and hash.</summary>
    public static Query<(long N, byte[] Hash)> Dropped { get; } =
        new("select audit_n, audit_hash from meta", static row => (row.Number(0) ?? 0, row.Blob(1) ?? AuditChain.Beginning));

    private static AuditLink Read(IRow row) => new(row.Number(0)!.Value, row.Number(1)!.Value, row.Text(2)!, row.Blob(3)!);
}

/// <summary>
/// Remembers the last of the links that may be dropped, so that the chain goes on from it: all before the first young one. A link of which only
/// the date is known is judged by that; a date that a wrong clock gave it drops nothing before it.
/// </summary>
internal sealed class AuditMark(SteadyTime before, long wallBefore) : Change
{
    public override string Sql =>
        "update meta set (audit_n, audit_hash) = (select n, hash from audit where n < coalesce((select min(n) from audit "
        + "where coalesce(steady_ms >= ?1, at >= ?2)), 9223372036854775807) order by n desc limit 1) "
        + "where (select coalesce(steady_ms < ?1, at < ?2) from audit order by n limit 1)";

    public override void Bind(IParameters parameters)
    {
        parameters.Set(1, before.Milliseconds);
        parameters.Set(2, wallBefore);
    }
}

/// <summary>Drops the links up to the remembered one, a few at once.</summary>
internal sealed class AuditPurge : Change
{
    public int Dropped { get; private set; }

    public override string Sql => "delete from audit where n in (select n from audit where n <= (select audit_n from meta) order by n limit 500)";

    public override void Bind(IParameters parameters)
    {
    }

    public override void Executed(int rows) => Dropped = rows;
}
