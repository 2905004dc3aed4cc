using Microsoft.Data.Sqlite;
using OpenClaw.Testing;
using OpenClaw.Testing.Http;

namespace OpenClaw.Contract.Tests.Support;

/// <summary>A broker process of one test alone, over a file that it may damage, lock or fill.</summary>
public sealed class OwnBroker : IAsyncDisposable
{
    private readonly TempFolder folder = new();

    public string Database => folder.File("broker.db");

    public BrokerProcess Process { get; private set; } = null!;

    public Api Api => Process.Api;

    public static async Task<OwnBroker> StartAsync(int leaseSeconds = 600)
    {
        var broker = new OwnBroker();
        broker.Process = await BrokerProcess.StartAsync(broker.Database, new Dictionary<string, string> { ["LEASE_SECONDS"] = $"{leaseSeconds}" });
        return broker;
    }

    /// <summary>kill -9, and the same broker again over the same file.</summary>
    public async Task KillAndStartAsync()
    {
        await Process.Program.KillAsync();
        await Process.StartAgainAsync();
    }

    /// <summary>SIGTERM, and the same broker again over the same file.</summary>
    public async Task StopAndStartAsync()
    {
        Assert.Equal(0, await Process.Program.StopAsync());
        await Process.StartAgainAsync();
    }

    /// <summary>Changes the file while no broker has it.</summary>
    public void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Database};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        folder.Dispose();
    }
}
