using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;
using OpenClaw.Testing;

namespace OpenClaw.Broker.Tests;

public sealed class StorageTests : IDisposable
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
        var insert = Insert(NewJob());
        await writer.WriteAsync(insert);
        await gate.Semaphore.WaitAsync();
        var waker = writer.WriteAsync(Insert(NewJob()));
        var stale = writer.WriteAsync(new JobUpdate(insert.Job with { Version = 7, State = JobState.Cancelled, FinishedAt = 1 }, null));
        var good = writer.WriteAsync(new JobUpdate(insert.Job with { Version = 2, State = JobState.Cancelled, FinishedAt = 1 }, null));
        gate.Semaphore.Release();
        await waker;
        await Assert.ThrowsAsync<Orleans.Storage.InconsistentStateException>(() => stale);
        await good;
    }

    [Fact]
    public async Task SameClaimIdTwiceIsRefusedByTheTable()
    {
        using var database = Database.Open(DatabasePath);
        using var writer = NewWriter(database);
        foreach (var (worker, refused) in new[] { ("anna", false), ("anna", true), ("bert", false) })
        {
            var insert = Insert(NewJob());
            await writer.WriteAsync(insert);
            var claim = writer.WriteAsync(new JobUpdate(JobRules.Next(insert.Job, new Claimed(1, 2, "t", worker, "c1")).Next! with { Version = 2 }, null));
            if (refused) await Assert.ThrowsAsync<ClaimIdInUseException>(() => claim);
            else await claim;
        }
    }

    [Fact]
    public async Task IdempotencyKeyNamesItsFirstJobAlsoWithinOneBatch()
    {
        using var database = Database.Open(DatabasePath);
        using var writer = NewWriter(database);
        var key = new IdempotencyKey("k", [1, 2, 3], new SteadyTime(1));
        JobInsert first = new(NewJob(), [], key), second = new(NewJob(), [], key);
        await Task.WhenAll(writer.WriteAsync(first), writer.WriteAsync(second));
        Assert.Null(first.EarlierUse);
        Assert.Equal(first.Job.Id, second.EarlierUse!.JobId);
        using var connection = database.Connect();
        Assert.Equal(1, connection.Scalar<long>("select count(*) from job"));
        await writer.WriteAsync(new KeyPurge(new SteadyTime(1)));
        Assert.Equal(1, connection.Scalar<long>("select count(*) from idempotency_key"));
        await writer.WriteAsync(new KeyPurge(new SteadyTime(2)));
        Assert.Equal(0, connection.Scalar<long>("select count(*) from idempotency_key"));
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
            connection.Execute("insert into job (seq, id, version, queue, lane, state, command, created_at) with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000) select i, 'id' || i, 1, 'default', '', 'queued', x'70', 0 from n; pragma wal_checkpoint(truncate)");
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
        Assert.Contains("cp BACKUP", refused.Message, StringComparison.Ordinal);
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
            connection.Execute("pragma user_version = 99");
        }
        Assert.Contains("newer broker", Assert.Throws<DatabaseException>(() => Database.Open(DatabasePath)).Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        gate.Dispose();
        folder.Dispose();
    }

    private Writer NewWriter(Database database) =>
        new(database, gate, new DiskReserve(database.Path, 0), TimeProvider.System, new FatalError(TimeProvider.System), NullLogger<Writer>.Instance);

    private static Job NewJob() => new() { Id = Guid.NewGuid(), Command = "ping", Version = 1, CreatedAt = 1 };

    private static JobInsert Insert(Job job) => new(job, [], null);
}
