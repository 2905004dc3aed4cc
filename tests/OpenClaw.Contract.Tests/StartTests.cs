using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Data.Sqlite;
using OpenClaw.Contract.Tests.Support;
using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Contract.Tests;

/// <summary>A broker that must not start says why in one line and exits with 78.</summary>
public sealed class StartTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(Variables.BotToken)]
    [InlineData(Variables.WorkerToken)]
    public async Task WithoutATokenItRefuses(string missing) => await AssertRefusesAsync(missing, (missing, ""));

    [Theory]
    [InlineData(Variables.BrokerPort, "99999")]
    [InlineData(Variables.BrokerPort, "http")]
    [InlineData("LEASE_SECONDS", "soon")]
    [InlineData("LEASE_SECONDS", "0")]
    [InlineData("LEASE_SECONDS", "-5")]
    [InlineData("MAX_PAYLOAD_BYTES", "256KB")]
    public async Task WithABadNumberItRefuses(string name, string value) => await AssertRefusesAsync(name, (name, value));

    [Fact]
    public async Task OverAFileOfAnotherBrokerItWaitsAndDoesNoHarm()
    {
        await using var first = await OwnBroker.StartAsync();
        await using var second = ProgramProcess.Start(Program, Environment((Variables.BrokerDb, first.Database)));
        Assert.Contains($"Another broker already runs on {first.Database}", await second.WaitForLineAsync(" warn Waiting"), StringComparison.Ordinal);
        var id = await first.Api.NewJobAsync();
        Assert.Equal(id, (await first.Api.ClaimAsync()).Job!.Value.GetProperty("id").GetString());
        Assert.Equal(0, await first.Process.Program.StopAsync());
        await second.WaitForLineAsync("Listening on");
        Assert.Equal(0, await second.StopAsync());
    }

    [Fact]
    public async Task OnAPortThatIsInUseItWaits()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        await using var program = ProgramProcess.Start(Program, Environment((Variables.BrokerPort, $"{((IPEndPoint)holder.LocalEndpoint).Port}")));
        Assert.Contains("is in use", await program.WaitForLineAsync(" warn Waiting"), StringComparison.Ordinal);
        holder.Stop();
        await program.WaitForLineAsync("Listening on");
        Assert.Equal(0, await program.StopAsync());
    }

    [Fact]
    public async Task OnAnAddressThatIsNotThereYetItWaits()
    {
        await using var program = ProgramProcess.Start(Program, Environment((Variables.BrokerHost, "100.64.0.99")));
        Assert.Contains("tailscale status", await program.WaitForLineAsync(" warn Waiting"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0.0.0.0", "", true)]
    [InlineData("0.0.0.0", "0", true)]
    [InlineData("::", "", true)]
    [InlineData("0.0.0.0", "1", false)]
    [InlineData("::", "1", false)]
    [InlineData("127.0.0.1", "", false)]
    [InlineData("127.8.9.10", "", false)]
    [InlineData("::1", "", false)]
    public async Task OnAnAddressThatOthersReachItWarnsUnlessToldThatItIsMeant(string host, string bindPublic, bool warns)
    {
        var port = FreePort.Take();
        await using var program = ProgramProcess.Start(Program, Environment((Variables.BrokerHost, host), ("BROKER_BIND_PUBLIC", bindPublic),
            (Variables.BrokerPort, $"{port}")));
        await program.WaitForLineAsync("Listening on"); // the last line
        Assert.Equal(warns, program.Output.Contains("BROKER_BIND_PUBLIC=1 ends this warning", StringComparison.Ordinal));
        using var http = new HttpClient();
        var url = new Uri($"http://{(host == "127.8.9.10" ? host : host.Contains(':', StringComparison.Ordinal) ? "[::1]" : "127.0.0.1")}:{port}");
        var isPrivate = host is not ("0.0.0.0" or "::");
        Assert.Equal($$"""{"ok":true,"ts_bound":{{(isPrivate ? "true" : "false")}}}""", await http.GetStringAsync(new Uri(url, "health")));
        Assert.Contains($"\"listeners\":[\"{(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}:{port}\"]",
            await http.GetStringAsync(new Uri(url, "health/ready")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OnANameItListens()
    {
        await using var program = ProgramProcess.Start(Program, Environment((Variables.BrokerHost, "localhost")));
        Assert.Contains("http://127.0.0.1:", await program.WaitForLineAsync("Listening on"), StringComparison.Ordinal);
        Assert.Equal(0, await program.StopAsync());
    }

    [Theory]
    [InlineData("broker.db")]
    [InlineData("")]
    public async Task OverAFileOrFolderThatItMayOnlyReadItRefuses(string readOnly)
    {
        var database = folder.File("broker.db");
        await using (var broker = await BrokerProcess.StartAsync(database)) Assert.Equal(0, await broker.Program.StopAsync());
        var place = Path.Combine(folder.Path, readOnly).TrimEnd('/');
        string[] command = ["--mount", "--map-root-user", "sh", "-c",
            $"mount --bind '{place}' '{place}' && mount -o remount,bind,ro '{place}' && exec \"$@\"", "sh", "dotnet", Program];
        await using var program = ProgramProcess.Start("unshare", Environment((Variables.BrokerDb, database)), command);
        await AssertRefusedAsync(program, database);
    }

    [Fact]
    public async Task InAPlaceItCannotWriteItRefuses()
    {
        // A path through a file can't be made by anybody, root included.
        await File.WriteAllTextAsync(folder.File("file"), "");
        var database = Path.Combine(folder.File("file"), "broker.db");
        await AssertRefusesAsync(database, (Variables.BrokerDb, database));
    }

    [Theory]
    [InlineData("not a database at all, but a text that is long enough to be looked at as one by anybody who does")]
    public async Task OverAFileThatIsNoDatabaseItRefusesAndLeavesIt(string content)
    {
        var database = folder.File("broker.db");
        await File.WriteAllTextAsync(database, string.Concat(Enumerable.Repeat(content, 100)));
        var before = await File.ReadAllBytesAsync(database);
        await AssertRefusesAsync(database, (Variables.BrokerDb, database));
        Assert.Equal(before, await File.ReadAllBytesAsync(database));
    }

    [Theory]
    [InlineData("header")]
    [InlineData("page")]
    [InlineData("half")]
    public async Task OverADamagedFileItRefusesAndLeavesIt(string damage)
    {
        var database = folder.File("broker.db");
        await using (var broker = await BrokerProcess.StartAsync(database))
        {
            for (var i = 0; i < 200; i++) await broker.Api.NewJobAsync("ping", new string('x', 2000));
            Assert.Equal(0, await broker.Program.StopAsync());
        }
        using (var connection = new SqliteConnection($"Data Source={database};Pooling=False"))
        {
            connection.Open();
            using var checkpoint = connection.CreateCommand();
            checkpoint.CommandText = "pragma wal_checkpoint(truncate)";
            checkpoint.ExecuteNonQuery();
        }
        Damage(database, damage);
        var before = await File.ReadAllBytesAsync(database);
        await AssertRefusesAsync(database, (Variables.BrokerDb, database));
        Assert.Equal(before, await File.ReadAllBytesAsync(database));
    }

    [Fact]
    public async Task LogHoldsNoTokenNoTextAndOneLineAnEvent()
    {
        await using var broker = await OwnBroker.StartAsync();
        var api = broker.Api;
        await api.CreateAsync("canary-command", "canary-payload", "Idempotency-Key: canary-key");
        var job = (await api.ClaimAsync("X-Worker-Id: ada")).Job!.Value;
        await api.GetAsync("/jobs/next", "X-Worker-Token: canary-guess");
        await api.PostAsync("/jobs", """{"command":5,"payload":"canary-wrong"}""", api.Bot);
        await api.FinishAsync(job.GetProperty("id").GetString()!, "canary-result");
        Assert.Equal(0, await broker.Process.Program.StopAsync());
        var log = broker.Process.Program.Output;
        Assert.NotEmpty(log);
        Assert.DoesNotContain("canary", log, StringComparison.Ordinal);
        Assert.DoesNotContain(job.GetProperty("lease_token").GetString()!, log, StringComparison.Ordinal);
        Assert.DoesNotContain(BrokerProcess.BotToken, log, StringComparison.Ordinal);
        Assert.DoesNotContain(BrokerProcess.WorkerToken, log, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", log, StringComparison.Ordinal);
    }

    private static void Damage(string database, string damage)
    {
        using var file = new FileStream(database, FileMode.Open);
        switch (damage)
        {
            case "header":
                file.Write(new byte[100]);
                break;
            case "half":
                file.SetLength(file.Length / 2 / 4096 * 4096);
                break;
            default: // every page in the middle third: whichever tables they belong to
                file.Position = file.Length / 3 / 4096 * 4096;
                file.Write(Encoding.ASCII.GetBytes(new string('z', (int)(file.Length / 3))));
                break;
        }
    }

    private static string Program => Repository.Broker;

    private async Task AssertRefusesAsync(string named, params (string Name, string Value)[] changes)
    {
        await using var program = ProgramProcess.Start(Program, Environment(changes));
        await AssertRefusedAsync(program, named);
    }

    private static async Task AssertRefusedAsync(ProgramProcess program, string named)
    {
        Assert.Equal(ExitCodes.Configuration, await program.WaitForExitAsync());
        var line = Assert.Single(program.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains(named, line, StringComparison.Ordinal);
    }

    private Dictionary<string, string> Environment(params (string Name, string Value)[] changes)
    {
        var environment = new Dictionary<string, string>
        {
            [Variables.BrokerDb] = folder.File("own.db"),
            [Variables.BrokerHost] = "127.0.0.1",
            [Variables.BrokerPort] = $"{FreePort.Take()}",
            [Variables.BotToken] = BrokerProcess.BotToken,
            [Variables.WorkerToken] = BrokerProcess.WorkerToken,
        };
        foreach (var (name, value) in changes) environment[name] = value;
        return environment;
    }
}
