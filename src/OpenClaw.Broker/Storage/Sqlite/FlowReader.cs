using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Storage.Sqlite;

/// <summary>Reads a queue's ready jobs flow by flow: it jumps from one to the next in the index, however many jobs each holds.</summary>
internal static class FlowReader
{
    private const string FirstLaneSql =
        "select lane, cast(command as text) from job where queue = ?1 and ready = 1 order by lane, command limit 1";

    private const string NextLaneSql = "select lane, cast(command as text) from job where queue = ?1 and ready = 1 "
        + "and (lane, command) > (?2, cast(?3 as blob)) order by lane, command limit 1";

    private const string OfLane = "from job where queue = ?1 and lane = ?2 and command = cast(?3 as blob) and ready = 1";

    private const string FirstRequesterSql = $"select requester {OfLane} order by requester limit 1";

    private const string NextRequesterSql = $"select requester {OfLane} and requester > ?4 order by requester limit 1";

    private const string AnyRequesterSql = $"select requester {OfLane} and requester is not null order by requester limit 1";

    private const string ReadySql = $"select id, rank, seq, version {OfLane} and requester is ?4 order by rank, seq limit ?5";

    private static readonly string HeadsSql = $"select {SqliteJobStore.AllColumns} from job j where j.queue = ?1 and j.lane = ?2 "
        + "and j.command = cast(?3 as blob) and j.ready = 1 and j.requester is ?4 order by j.rank, j.seq limit ?5";

    /// <summary>The flows of the lanes that are looked at.</summary>
    public static IEnumerable<Flow> Flows(Statements sql, string queue, Func<Lane, bool> takes, Flow? after = null)
    {
        if (after is { } last)
        {
            for (var next = NextRequester(sql, queue, last); next is { } flow; next = NextRequester(sql, queue, flow)) yield return flow;
        }
        for (var at = NextLane(sql, queue, after?.Lane); at is { } lane; at = NextLane(sql, queue, lane))
        {
            if (!takes(lane)) continue;
            var first = Bind(sql[FirstRequesterSql], queue, lane).First(static row => (Name: row.Text(0), IsThere: true));
            if (!first.IsThere) continue; // gone since
            for (Flow? next = new Flow(lane, first.Name); next is { } flow; next = NextRequester(sql, queue, flow)) yield return flow;
        }
    }

    public static List<ReadyRow> Ready(Statements sql, string queue, Flow flow, int limit) => Bind(sql[ReadySql], queue, flow, limit)
        .List(static row => new ReadyRow(Guid.Parse(row.Text(0)!), new Rank(row.Number(1)!.Value, row.Number(2)!.Value), row.Number(3)!.Value));

    public static List<Job> Heads(Statements sql, string queue, Flow flow, int limit) =>
        Bind(sql[HeadsSql], queue, flow, limit).List(JobTable.Rows.Read);

    private static Lane? NextLane(Statements sql, string queue, Lane? after)
    {
        var statement = after is { } last ? Bind(sql[NextLaneSql], queue, last) : sql[FirstLaneSql];
        statement.Set(1, queue);
        return statement.First(static row => (Lane?)new Lane(Caps.Parse(row.Text(0)), row.Text(1)!));
    }

    private static Flow? NextRequester(Statements sql, string queue, Flow after)
    {
        var statement = Bind(sql[after.Requester is null ? AnyRequesterSql : NextRequesterSql], queue, after.Lane);
        if (after.Requester is { } last) statement.Set(4, last);
        return statement.First(row => (Flow?)(after with { Requester = row.Text(0) }));
    }

    private static Statement Bind(Statement statement, string queue, Lane lane)
    {
        statement.Set(1, queue);
        statement.Set(2, lane.Caps.Text);
        statement.Set(3, lane.Command);
        return statement;
    }

    private static Statement Bind(Statement statement, string queue, Flow flow, int limit)
    {
        Bind(statement, queue, flow.Lane);
        statement.Set(4, flow.Requester);
        statement.Set(5, limit);
        return statement;
    }
}
