using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;
using OpenClaw.Testing;

namespace OpenClaw.Broker.Tests;

public sealed class SqliteTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly WriteGate gate = new();

    private string DatabasePath => folder.File("broker.db");

    [Fact]
    public async Task WhatBreaksABatchBreaksAlone()
    {
        using var database = Database.Open(DatabasePath);
        using var writer = NewWriter(database);
        var taken = NewJob();
        await writer.WriteAsync(Insert(taken));
        var good = NewJob();
        var alsoGood = NewJob();
        await gate.Semaphore.WaitAsync();
        var waker = writer.WriteAsync(Insert(NewJob())); // the batch that waits at the gate; what comes now shares the next one
        var writes = new[] { writer.WriteAsync(Insert(good)), writer.WriteAsync(Insert(taken)), writer.WriteAsync(Insert(alsoGood)) };
        gate.Semaphore.Release();
        await waker;
        await writes[0];
        await Assert.ThrowsAsync<StorageFailedException>(() => writes[1]);
        await writes[2];
        using var connection = database.Connect();
        Assert.Equal(4, connection.Scalar<long>("select count(*) from job"));
        Assert.Equal(4, connection.Scalar<long>("select count(*) from job_payload"));
        Assert.Equal(4, connection.Scalar<long>("select max(seq) from job"));
    }

    [Fact]
    public async Task RefusedRowLeavesItsBatchAlone()
    {
        using var database = Database.Open(DatabasePath);
        using var writer = NewWriter(database);
        var written = new JobInsert(NewJob());
        await writer.WriteAsync(new Commit([written], isEssential: true));
        await gate.Semaphore.WaitAsync();
        var waker = writer.WriteAsync(Insert(NewJob()));
        var stale = Cancel(written.Job with { Version = 7 });
        var good = Cancel(written.Job);
        var (refused, accepted) = (writer.WriteAsync(stale), writer.WriteAsync(good));
        gate.Semaphore.Release();
        await waker;
        Assert.Same(stale.Changes[0], await refused);
        Assert.Null(await accepted);
    }

    [Fact]
    public async Task RefusedChangeTakesItsWholeCommitBack()
    {
        using var database = Database.Open(DatabasePath);
        using var writer = NewWriter(database);
        var written = new JobInsert(NewJob());
        await writer.WriteAsync(new Commit([written], isEssential: true));
        var both = new Commit([new JobInsert(NewJob()), new QueueInsert("q"), Cancel(written.Job with { Version = 7 }).Changes[0]], isEssential: true);
        Assert.Same(both.Changes[2], await writer.WriteAsync(both));
        using var connection = database.Connect();
        Assert.Equal((1, 0), (connection.Scalar<long>("select count(*) from job"), connection.Scalar<long>("select count(*) from queue")));
        Assert.Equal(1, connection.Scalar<long>("select sum(jobs) from job_count"));
    }

    [Fact]
    public async Task LastSeqNeverFallsAlsoWhenTheNewestJobIsDeleted()
    {
        using var database = Database.Open(DatabasePath);
        Guid deleted;
        using (var writer = NewWriter(database))
        {
            var (first, second) = (new JobInsert(NewJob()), new JobInsert(NewJob()));
            foreach (var insert in (JobInsert[])[first, second]) await writer.WriteAsync(Insert(insert));
            await writer.WriteAsync(Cancel(second.Job));
            deleted = second.Job.Id;
        }
        using var connection = database.Connect();
        Assert.Throws<SqliteException>(() => connection.Execute($"delete from jobs where id <> '{deleted}'")); // not ended
        connection.Execute($"delete from jobs where id = '{deleted}'");
        Assert.Equal((1, 2), (connection.Scalar<long>("select max(seq) from job"), connection.Scalar<long>("select last_seq from meta")));
        Assert.Equal(1, connection.Scalar<long>("select sum(jobs) from job_count"));
        using var again = NewWriter(database);
        var next = new JobInsert(NewJob());
        await again.WriteAsync(Insert(next));
        Assert.Equal((3, 3), (next.Job.Seq, connection.Scalar<long>("select last_seq from meta")));
    }

    [Fact]
    public async Task MinutesCountWhatJobsCameInto()
    {
        using var database = Database.Open(DatabasePath);
        using var writer = NewWriter(database);
        var insert = new JobInsert(NewJob() with { CreatedAt = 60_000 });
        await writer.WriteAsync(Insert(insert));
        await writer.WriteAsync(Insert(new JobInsert(NewJob() with { CreatedAt = 119_999 })));
        await writer.WriteAsync(new Commit([new JobUpdate(insert.Job, insert.Job with { Version = 2, State = JobState.Cancelled, FinishedAt = 1,
            Outcome = Outcome.Cancelled }, 120_000)], isEssential: true));
        using var connection = database.Connect();
        Assert.Equal("1 queued 2,2 cancelled 1",
            connection.Scalar<string>("select group_concat(minute || ' ' || state || ' ' || jobs) from (select * from job_minute order by minute)"));
        Assert.Equal("cancelled 1,queued 1",
            connection.Scalar<string>("select group_concat(state || ' ' || jobs) from (select * from job_count order by state)"));
    }

    [Fact]
    public async Task LockedDatabaseIsBusyAndNothingIsWritten()
    {
        using var database = Database.Open(DatabasePath);
        using var writer = NewWriter(database);
        using var other = database.Connect();
        other.Execute("begin immediate");
        await Assert.ThrowsAsync<StorageBusyException>(() => writer.WriteAsync(Insert(NewJob())));
        other.Execute("commit");
        Assert.Equal(0, other.Scalar<long>("select count(*) from job"));
        await writer.WriteAsync(Insert(NewJob()));
    }

    [Fact]
    public void EveryConnectionSyncsAtEachCommit()
    {
        using var database = Database.Open(DatabasePath);
        using var connection = database.Connect();
        Assert.Equal((2, "wal"), (connection.Scalar<long>("pragma synchronous"), connection.Scalar<string>("pragma journal_mode")));
        using var orleans = new SqliteDataSource(database, gate);
        using var orleansConnection = (SqliteConnection)orleans.OpenConnection();
        Assert.Equal(2, orleansConnection.Scalar<long>("pragma synchronous"));
        Assert.Equal(0, gate.Semaphore.CurrentCount);
        orleansConnection.Close();
        Assert.Equal(1, gate.Semaphore.CurrentCount);
    }

    [Theory]
    [InlineData("header")]
    [InlineData("page")]
    [InlineData("half")]
    [InlineData("empty")]
    public void DamagedFileIsRefusedAndLeftAsItIs(string damage)
    {
        using (var database = Database.Open(DatabasePath))
        {
            using var connection = database.Connect();
            connection.Execute("insert into job (seq, id, version, queue, lane, rank, ready, state, command, created_at) with recursive n(i) as "
                + "(select 1 union all select i + 1 from n where i < 5000) select i, 'id' || i, 1, 'default', '', 0, 1, 'queued', x'70', 0 from n; "
                    + "pragma wal_checkpoint(truncate)");
        }
        using (var file = new FileStream(DatabasePath, FileMode.Open))
        {
            file.Position = damage == "page" ? 4096 * 20 : 0;
            if (damage is "header" or "page") file.Write(new byte[damage == "page" ? 4096 : 100]);
            else file.SetLength(damage == "half" ? file.Length / 2 : 0);
        }
        var before = File.ReadAllBytes(DatabasePath);
        var refused = Assert.Throws<DatabaseException>(() => Database.Open(DatabasePath).Dispose());
        Assert.Contains("is damaged", refused.Message, StringComparison.Ordinal);
        Assert.Contains("clawctl restore BACKUP", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
        Assert.Equal(before, File.ReadAllBytes(DatabasePath));
    }

    [Fact]
    public void SecondBrokerOnOneFileIsRefusedAndTheFirstIsUnharmed()
    {
        using var database = Database.Open(DatabasePath);
        Assert.Contains("Another broker already runs", Assert.Throws<DatabaseException>(() => Database.Open(DatabasePath)).Message, StringComparison.Ordinal);
        using var connection = database.Connect();
        Assert.Equal(0, connection.Scalar<long>("select count(*) from job"));
    }

    [Fact]
    public void DatabaseOfANewerBrokerIsRefused()
    {
        using (var database = Database.Open(DatabasePath))
        {
            using var connection = database.Connect();
            connection.Execute("pragma user_version = 99; update meta set readable_from = 99");
        }
        Assert.Contains("newer broker", Assert.Throws<DatabaseException>(() => Database.Open(DatabasePath)).Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        gate.Dispose();
        folder.Dispose();
    }

    private Writer NewWriter(Database database) =>
        new(database, gate, new DiskReserve(database.Path, 0), new Clock(TimeProvider.System), new WriteOutages(new Clock(TimeProvider.System)), new HeldJobs(),
            new FatalError(TimeProvider.System), NullLogger<Writer>.Instance);

    private static Job NewJob() => new() { Id = Guid.NewGuid(), Command = "ping", Version = 1, CreatedAt = 1 };

    private static Commit Insert(Job job) => Insert(new JobInsert(job));

    private static Commit Insert(JobInsert insert) => new([insert, new PayloadInsert(insert, [])], isEssential: false);

    private static Commit Cancel(Job job) =>
        new([new JobUpdate(job, job with { Version = job.Version + 1, State = JobState.Cancelled, FinishedAt = 1, Outcome = Outcome.Cancelled }, 1)],
            isEssential: true);
}
