using Microsoft.Extensions.Logging.Abstractions;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;
using OpenClaw.Testing;

namespace OpenClaw.Broker.Tests;

public sealed class SqliteJobStoreTests : JobStoreConformance, IDisposable
{
    private readonly TempFolder folder = new();
    private readonly WriteGate gate = new();
    private readonly Database database;
    private readonly Writer writer;
    private readonly Readers readers;

    public SqliteJobStoreTests()
    {
        var fatal = new FatalError(TimeProvider.System);
        database = Database.Open(folder.File("broker.db"));
        writer = new Writer(database, gate, new DiskReserve(database.Path, 0), new Clock(TimeProvider.System), new WriteOutages(new Clock(TimeProvider.System)),
            new HeldJobs(), fatal, NullLogger<Writer>.Instance);
        readers = new Readers(database, fatal);
        Store = new SqliteJobStore(writer, readers);
    }

    private protected override IJobStore Store { get; }

    /// <summary>The threads of grains and requests wait for no long text.</summary>
    [Fact]
    public async Task LongTextsAreReadOnThreadsOfTheirOwn()
    {
        var brief = await InsertAsync(NewJob(), new byte[1000]);
        var wordy = await InsertAsync(NewJob(), new byte[100_000]);
        using var end = new ManualResetEventSlim();
        var others = Enumerable.Range(0, 2).Select(_ => readers.ReadLongAsync(_ =>
        {
            end.Wait();
            return Thread.CurrentThread.IsThreadPoolThread;
        })).ToList();
        Assert.True(Store.FindWithTextsAsync(brief.Id).AsTask().IsCompletedSuccessfully);
        Assert.True(Store.ReadPayloadAsync(brief.Seq).AsTask().IsCompletedSuccessfully);
        var (texts, payload) = (Store.FindWithTextsAsync(wordy.Id).AsTask(), Store.ReadPayloadAsync(wordy.Seq).AsTask());
        Assert.False(texts.IsCompleted || payload.IsCompleted, "read where it was asked for");
        end.Set();
        Assert.DoesNotContain(true, await Task.WhenAll(others));
        Assert.Equal((100_000, 100_000), ((await texts)!.Value.Payload.Length, (await payload).Length));
    }

    public void Dispose()
    {
        readers.Dispose();
        writer.Dispose();
        database.Dispose();
        gate.Dispose();
        folder.Dispose();
    }
}
