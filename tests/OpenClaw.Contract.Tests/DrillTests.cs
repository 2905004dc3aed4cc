using Microsoft.Data.Sqlite;
using OpenClaw.Contract.Tests.Support;
using OpenClaw.Programs;
using OpenClaw.Testing;
using OpenClaw.Testing.Http;
using static OpenClaw.Contract.Tests.Support.BrokerTask;

namespace OpenClaw.Contract.Tests;

/// <summary>A backup that is restored to see whether it can be.</summary>
public sealed class DrillTests(DrillTests.FullBroker full) : IClassFixture<DrillTests.FullBroker>, IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task DrillProvesABackupBesideARunningBrokerAndLeavesNothing()
    {
        await using var broker = await OwnBroker.StartAsync();
        var (code, said) = await RunAsync(broker, "--drill");
        Assert.Equal((ExitCodes.Configuration, true), (code, said.Contains("There is no backup in ", StringComparison.Ordinal)));

        await broker.Api.NewJobAsync();
        var held = await broker.Api.TakeAsync();
        var dropped = await broker.Api.NewJobAsync();
        await broker.Api.TakeAsync();
        await broker.Api.CancelAsync(dropped);
        for (var i = 0; i < 2; i++) await broker.Api.NewJobAsync();
        Assert.Equal(ExitCodes.Ok, (await RunAsync(broker, "--backup")).Code);
        await broker.Api.NewJobAsync();
        (code, said) = await RunAsync(broker, "--drill");
        Assert.True(code == ExitCodes.Ok, said);
        Assert.Matches("^Restored .*/backups/broker-[^/]*Z.db, made just now, into a folder of its own: every page and index is whole, and it opens\\.\n"
            + "All its jobs are there, 4: 1 cancelled, 3 queued\\.$", said);
        (await broker.Api.FinishAsync(held.Id(), "x", held.Fence())).Is(200);

        var copy = folder.File("copy.db");
        Assert.Equal(ExitCodes.Ok, (await RunAsync(broker, "--backup", copy)).Code);
        File.SetLastWriteTimeUtc(copy, File.GetLastWriteTimeUtc(copy).AddDays(-3));
        (code, said) = await RunAsync(broker, "--drill", copy);
        Assert.True(code == ExitCodes.Ok, said);
        Assert.Contains("made 3 days ago", said, StringComparison.Ordinal);
        Assert.Contains("5: 1 cancelled, 1 done, 3 queued", said, StringComparison.Ordinal);
        Assert.False(Directory.Exists(broker.Database + ".drill"));
    }

    /// <summary>With an index in another order every page looks right, and jobs are not found; the trigger loses a job when another waits again.</summary>
    [Theory]
    [InlineData("a page")]
    [InlineData("an index")]
    [InlineData("a trigger")]
    [InlineData("a newer version")]
    [InlineData("no database")]
    public async Task DrillFailsWhereTheBackupIsNotWhole(string what)
    {
        var broker = full.Broker;
        var copy = folder.File("copy.db");
        File.Copy(full.Backup, copy);
        await (what switch
        {
            "a page" => BreakAsync(copy),
            "an index" => ExecuteAsync(copy, "pragma writable_schema = on; update sqlite_schema set sql = replace(sql, '(command, seq)', '(seq, command)') "
                + "where name = 'job_command'"),
            "a trigger" => ExecuteAsync(copy, "create trigger lose after update on job begin "
                + "delete from job_payload where seq = new.seq + 1; delete from job where seq = new.seq + 1; end"),
            "a newer version" => ExecuteAsync(copy, "pragma user_version = 99; update meta set readable_from = 99"),
            _ => File.WriteAllTextAsync(copy, "no database at all"),
        });
        var (code, said) = await RunAsync(broker, "--drill", copy);
        Assert.Equal(ExitCodes.Configuration, code);
        Assert.StartsWith($"openclaw-broker: {copy} did not stand the drill. Make another with `clawctl backup`; of this one: ", said,
            StringComparison.Ordinal);
        Assert.Single(said.TrimEnd().Split('\n'));
        Assert.False(Directory.Exists(broker.Database + ".drill"));
        (await broker.Api.CreateAsync("ping", "x")).Is(200);
    }

    /// <summary>A broker with jobs, one of which runs, and a backup of it.</summary>
    public sealed class FullBroker : IAsyncLifetime
    {
        public OwnBroker Broker { get; private set; } = null!;

        public string Backup => Broker.Database + ".copy";

        public async Task InitializeAsync()
        {
            Broker = await OwnBroker.StartAsync();
            for (var i = 0; i < 20; i++) await Broker.Api.CreateAsync("ping", new string('x', 5000));
            await Broker.Api.TakeAsync();
            Assert.Equal(ExitCodes.Ok, (await RunAsync(Broker, "--backup", Backup)).Code);
        }

        public async Task DisposeAsync() => await Broker.DisposeAsync();
    }

    private static async Task BreakAsync(string file)
    {
        var bytes = await File.ReadAllBytesAsync(file);
        Array.Fill(bytes, (byte)0xff, 2 * 4096, bytes.Length / 2);
        await File.WriteAllBytesAsync(file, bytes);
    }

    private static async Task ExecuteAsync(string file, string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // every text is one of this file
        command.CommandText = sql;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }
}
