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
        writer = new Writer(database, gate, new DiskReserve(database.Path, 0), TimeProvider.System, new WriteOutages(new Clock(TimeProvider.System)),
            fatal, NullLogger<Writer>.Instance);
        readers = new Readers(database, fatal);
        Store = new SqliteJobStore(writer, readers);
    }

    private protected override IJobStore Store { get; }

    public void Dispose()
    {
        readers.Dispose();
        writer.Dispose();
        database.Dispose();
        gate.Dispose();
        folder.Dispose();
    }
}
