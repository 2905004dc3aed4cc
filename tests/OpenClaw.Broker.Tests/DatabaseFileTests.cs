using System.Diagnostics;
using Microsoft.Data.Sqlite;
using OpenClaw.Broker.Running;
using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Broker.Tests;

/// <summary>One broker has one file, and notices when it is not the one it knew.</summary>
public sealed class DatabaseFileTests : IDisposable
{
    private readonly TempFolder folder = new();

    private string DatabasePath => folder.File("broker.db");

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("-s")]
    [InlineData("-f")]
    public async Task ByNoOtherNameDoesASecondBrokerOpenTheFile(string kindOfLink)
    {
        using var database = Database.Open(DatabasePath);
        using var ln = Process.Start("ln", [kindOfLink, DatabasePath, folder.File("other.db")]);
        await ln.WaitForExitAsync();
        var refused = Assert.Throws<DatabaseException>(() => Database.Open(folder.File("other.db")));
        Assert.StartsWith("Another broker already runs on", refused.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Temporary, refused.ExitCode);
    }

    [Fact]
    public void MissingFileIsNoBeginning()
    {
        Database.Open(DatabasePath).Dispose();
        File.Delete(DatabasePath);
        var refused = Assert.Throws<DatabaseException>(() => Database.Open(DatabasePath));
        Assert.Contains("missing", refused.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Configuration, refused.ExitCode);
        Assert.False(File.Exists(DatabasePath));
        File.Delete(DatabasePath + ".lock"); // as the message says
        Database.Open(DatabasePath).Dispose();
    }

    [Fact]
    public void FileThatHasLostItsNewestJobsIsRefused()
    {
        MakeFileOfTwoJobs();
        Execute("update meta set last_seq = 1");
        var refused = Assert.Throws<DatabaseException>(() => Database.Open(DatabasePath));
        Assert.Contains("ends with number 1, but number 2 was in it", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1L, Execute("select last_seq from meta"));
        File.Delete(DatabasePath + ".lock");
        Database.Open(DatabasePath).Dispose();
    }

    [Fact]
    public void DeletedJobsAreNoDamage()
    {
        MakeFileOfTwoJobs();
        Execute("delete from job");
        Database.Open(DatabasePath).Dispose();
    }

    [Fact]
    public void FileThatIsNewHereGetsANameOfItsOwn()
    {
        MakeFileOfTwoJobs();
        var id = Execute("select file_id from meta");
        Database.Open(DatabasePath).Dispose();
        Assert.Equal(id, Execute("select file_id from meta"));
        File.Copy(DatabasePath, folder.File("restored.db"));
        Database.Open(folder.File("restored.db")).Dispose();
        using var connection = new SqliteConnection($"Data Source={folder.File("restored.db")};Pooling=False");
        connection.Open();
        Assert.NotEqual(id, connection.Scalar<string>("select file_id from meta"));
    }

    [Fact]
    public void FilesAreTheirOwnersAlone()
    {
        using var database = Database.Open(DatabasePath);
        Assert.True(new DiskReserve(DatabasePath, 4096).TryTake());
        if (OperatingSystem.IsWindows()) return;
        foreach (var file in Directory.EnumerateFiles(folder.Path)) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public async Task LockedFileIsWaitedForThirtySecondsAndNoLonger()
    {
        using var database = Database.Open(DatabasePath);
        var clock = new MachineClock(DateTimeOffset.UnixEpoch);
        var said = new List<string>();
        var opening = Patience.TryAsync(() => Database.Open(DatabasePath), clock, said.Add);
        clock.Advance(Patience.Limit - TimeSpan.FromSeconds(1));
        Assert.False(opening.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(ExitCodes.Temporary, (await Assert.ThrowsAsync<DatabaseException>(() => opening)).ExitCode);
        Assert.Contains("Another broker already runs on", Assert.Single(said), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("deleted")]
    [InlineData("replaced")]
    public async Task FileThatIsTakenAwayEndsTheBroker(string how)
    {
        await using var broker = await BrokerProcess.StartAsync(DatabasePath);
        await broker.Client().CreateAsync(new Contracts.CreateJob("ping", ""));
        if (how == "replaced") File.Copy(DatabasePath, folder.File("copy"));
        File.Delete(DatabasePath);
        if (how == "replaced") File.Move(folder.File("copy"), DatabasePath);
        Assert.Equal(ExitCodes.Io, await broker.Program.WaitForExitAsync());
        Assert.Contains("no longer the file that the broker has open", Assert.Single(broker.Program.Output.Split('\n'), l =>
            l.Contains(" fatal ", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    private void MakeFileOfTwoJobs()
    {
        Database.Open(DatabasePath).Dispose();
        Execute("update meta set last_seq = 2");
        Database.Open(DatabasePath).Dispose();
    }

    private object? Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={DatabasePath};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
