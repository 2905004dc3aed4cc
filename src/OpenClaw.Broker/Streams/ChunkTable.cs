using System.Globalization;
using System.Text;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Streams;

/// <summary>An attempt of a job, and what is kept of it.</summary>
/// <param name="LastN">The greatest number that its worker gave; 0 where it gave none.</param>
/// <param name="Bytes">Of content and metadata.</param>
internal readonly record struct AttemptChunks(int Round, int Attempt, long LastN, long Bytes, long Pieces);

/// <summary>A piece's place and size.</summary>
internal readonly record struct ChunkSize(long Id, long Bytes);

/// <summary>What is asked of the table <c>chunk</c>.</summary>
internal static class ChunkTable
{
    private const string Columns = "c.id, c.type, c.content, c.metadata, c.created_at";
    private const string Size = "coalesce(length(content), 0) + coalesce(length(metadata), 0)";

    /// <summary>The pieces of a job after one of them, in their order: as many as there are bytes for, and one at least where there is one.</summary>
    /// <param name="type">Only these; null for all.</param>
    public static Query<Chunk> After(long seq, long after, int limit, long bytes, string? type = null) => new(
        $"select {Columns} from chunk c join (select id, sum(size) over (order by id) - size as before from (select id, {Size} as size from chunk "
            + "where seq = ?1 and id > ?2 and type = coalesce(?5, type) order by id limit ?3) as some) as page on page.id = c.id where page.before < ?4 "
            + "order by c.id", Read, seq, after, limit, bytes, type);

    public static Query<AttemptChunks> Attempts(long seq) => new(
        $"select round, attempt, coalesce(max(n), 0), sum(case type when 'dropped' then 0 else {Size} end), "
            + "sum(case type when 'dropped' then 0 else 1 end) from chunk where seq = ?1 group by round, attempt order by round, attempt",
        static row => new AttemptChunks((int)Number(row, 0), (int)Number(row, 1), Number(row, 2), Number(row, 3), Number(row, 4)), seq);

    /// <summary>The oldest pieces of an attempt.</summary>
    public static Query<ChunkSize> Oldest(long seq, int round, int attempt, int limit) => new(
        $"select id, {Size} from chunk where seq = ?1 and round = ?2 and attempt = ?3 and type <> 'dropped' order by id limit ?4",
        static row => new ChunkSize(Number(row, 0), Number(row, 1)), seq, round, attempt, limit);

    /// <summary>The first and the last piece of an attempt.</summary>
    public static Query<(long First, long Last)> Ends(long seq, int round, int attempt) => new(
        "select min(id), max(id) from chunk where seq = ?1 and round = ?2 and attempt = ?3 and type <> 'dropped'",
        static row => (Number(row, 0), Number(row, 1)), seq, round, attempt);

    /// <summary>What stands for the dropped pieces of an attempt: from which to which, and how many.</summary>
    public static Query<(long From, long Count)> Dropped(long seq, int round, int attempt) => new(
        "select metadata from chunk where seq = ?1 and round = ?2 and attempt = ?3 and type = 'dropped'", static row => DroppedChunk.Parse(row.Blob(0)!),
        seq, round, attempt);

    /// <summary>The piece with a worker's number, or what stands for it.</summary>
    public static Query<long> Find(long seq, int round, int attempt, long n) => new(
        "select coalesce(max(case n when ?4 then id end), max(case type when 'dropped' then id end), 0) from chunk "
            + "where seq = ?1 and round = ?2 and attempt = ?3", static row => Number(row, 0), seq, round, attempt, n);

    /// <summary>Jobs that ended before a time and still have pieces, in the order of acceptance.</summary>
    /// <param name="after">Only jobs behind this one.</param>
    /// <param name="last">Only jobs up to this number.</param>
    public static Query<long> Old(long after, long last, long before, int limit) => new(
        "select j.seq from job j where j.seq > ?4 and j.seq <= ?1 and j.finished_at < ?2 "
            + "and exists (select 1 from chunk c where c.seq = j.seq and c.type <> 'dropped') order by j.seq limit ?3",
        static row => Number(row, 0), last, before, limit, after);

    private static long Number(IRow row, int column) => row.Number(column) ?? 0;

    private static Chunk Read(IRow row) => new(Number(row, 0), row.Text(1)!, row.Blob(2), row.Blob(3), Number(row, 4));
}

/// <summary>A piece to be written. <see cref="Id"/> is known once it is.</summary>
/// <param name="isFenced">Whether the job must still be at this attempt.</param>
/// <param name="now">Milliseconds since 1970.</param>
internal sealed class ChunkInsert(NewChunk chunk, Job job, bool isFenced, long now) : Change
{
    private const string Insert = "insert into chunk (id, seq, round, attempt, n, type, content, metadata, created_at) ";
    private const string Plain = Insert + "values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    private const string Fenced =
        Insert + "select ?1, seq, round, attempt, ?5, ?6, ?7, ?8, ?9 from job where seq = ?2 and round = ?3 and attempt = ?4";

    public long Id { get; private set; }

    public override string Sql => isFenced ? Fenced : Plain;

    public override int Size => chunk.Bytes + 128;

    public override bool CanBeRefused => isFenced;

    public override void Number(Ledger ledger) => Id = ledger.NextChunk();

    public override void Bind(IParameters parameters)
    {
        parameters.Set(1, Id);
        parameters.Set(2, job.Seq);
        parameters.Set(3, job.Round);
        parameters.Set(4, job.Attempt);
        parameters.Set(5, chunk.N);
        parameters.Set(6, chunk.Type);
        parameters.Set(7, chunk.Content);
        parameters.Set(8, chunk.Metadata);
        parameters.Set(9, now);
    }
}

/// <summary>Removes the pieces of an attempt up to one of them.</summary>
internal sealed class ChunksDelete(long seq, int round, int attempt, long to) : Change
{
    public override string Sql => "delete from chunk where seq = ?1 and id <= ?4 and round = ?2 and attempt = ?3";

    public override void Bind(IParameters parameters)
    {
        parameters.Set(1, seq);
        parameters.Set(2, round);
        parameters.Set(3, attempt);
        parameters.Set(4, to);
    }
}

/// <summary>What stands for the removed pieces of an attempt, in the place of the last of them.</summary>
internal sealed class DroppedChunk(long seq, int round, int attempt, long from, long to, long count, long now) : Change
{
    private readonly byte[] metadata = Encoding.UTF8.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $$"""{"from":{{from}},"to":{{to}},"count":{{count}}}"""));

    public override string Sql => "insert into chunk (id, seq, round, attempt, type, metadata, created_at) values (?1, ?2, ?3, ?4, 'dropped', ?5, ?6)";

    public override void Bind(IParameters parameters)
    {
        parameters.Set(1, to);
        parameters.Set(2, seq);
        parameters.Set(3, round);
        parameters.Set(4, attempt);
        parameters.Set(5, metadata);
        parameters.Set(6, now);
    }

    public static (long From, long Count) Parse(byte[] metadata)
    {
        using var json = System.Text.Json.JsonDocument.Parse(metadata);
        return (json.RootElement.GetProperty("from").GetInt64(), json.RootElement.GetProperty("count").GetInt64());
    }
}
