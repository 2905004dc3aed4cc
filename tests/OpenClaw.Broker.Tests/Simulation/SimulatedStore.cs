using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;
using OpenClaw.Testing;

namespace OpenClaw.Broker.Tests.Simulation;

/// <summary>The broker's own store on a real file, which outlives the crashes of the simulation; and a look into its tables past the broker's code.</summary>
internal sealed class SimulatedStore : IDisposable
{
    private static readonly string ReadSql = $"select {SqliteJobStore.AllColumns} from job j where j.seq = ?1";

    private const string StatesSql =
        "select coalesce(c.queue, n.queue) || ' ' || coalesce(c.state, n.state) || ': counted ' || coalesce(c.jobs, 0) || ', there are ' "
        + "|| coalesce(n.jobs, 0) "
        + "from (select * from job_count where jobs <> 0) c full join (select queue, state, count(*) jobs from job group by 1, 2) n "
        + "on n.queue = c.queue and n.state = c.state where coalesce(c.jobs, 0) <> coalesce(n.jobs, 0)";

    private const string TokensSql =
        "select 'token ' || token || ': counted ' || jobs || ' unfinished jobs of ' || bytes || ' bytes, there are none' from token_count "
        + "where (jobs <> 0 or bytes <> 0) and not exists (select 1 from job where finished_at is null)";

    private readonly TempFolder folder = new(inMemory: true);
    private readonly WriteGate gate = new();
    private readonly Database database;
    private readonly Writer writer;
    private readonly Readers readers;
    private readonly SqliteConnection look;
    private readonly Statements sql;
    private long seen;

    public SimulatedStore()
    {
        var fatal = new FatalError(TimeProvider.System);
        var clock = new Clock(TimeProvider.System);
        database = Database.Open(folder.File("broker.db"));
        writer = new Writer(database, gate, new DiskReserve(database.Path, 0), clock, new WriteOutages(clock), Held, fatal, NullLogger<Writer>.Instance);
        readers = new Readers(database, fatal);
        (Jobs, Rows) = (new SqliteJobStore(writer, readers), new SqliteStore(writer, readers));
        look = database.Connect(readOnly: true);
        sql = new Statements(look);
    }

    public HeldJobs Held { get; } = new();

    public IJobStore Jobs { get; }

    public IStore Rows { get; }

    public long LastSeq => writer.LastSeq;

    /// <summary>The versions of all jobs after one; none where nothing was written since the last look.</summary>
    public List<(long Seq, long Version)> Versions(long after)
    {
        var written = sql["pragma data_version"].First(static row => row.Number(0)!.Value);
        if (written == seen) return [];
        seen = written;
        var statement = sql["select seq, version from job where seq > ?1"];
        statement.Set(1, after);
        return statement.List(static row => (row.Number(0)!.Value, row.Number(1)!.Value));
    }

    public Job Read(long seq)
    {
        var statement = sql[ReadSql];
        statement.Set(1, seq);
        return statement.First(JobTable.Rows.Read)!;
    }

    /// <summary>How the counts that are kept differ from what the tables hold; empty where they don't.</summary>
    public List<string> WrongCounts() => [.. sql[StatesSql].List(static row => row.Text(0)!), .. sql[TokensSql].List(static row => row.Text(0)!)];

    public void Dispose()
    {
        sql.Dispose();
        look.Dispose();
        readers.Dispose();
        writer.Dispose();
        database.Dispose();
        gate.Dispose();
        folder.Dispose();
    }
}
