using System.Net.Sockets;
using OpenClaw.Programs;
using OpenClaw.Testing;
using OpenClaw.Testing.Http;

namespace OpenClaw.Contract.Tests;

/// <summary>More connections than the process may have files: it lives, and who has a token is served.</summary>
public sealed class ConnectionTests : IDisposable
{
    private readonly TempFolder folder = new();

    [Fact]
    public async Task IdleConnectionsWithoutATokenGoFirst()
    {
        await using var broker = await BrokerProcess.StartAsync(folder.File("broker.db"), wrap: ["prlimit", "--nofile=448:448"]);
        using var known = await RawConnection.OpenAsync(broker.Url);
        Assert.Equal(200, (await AskAsync(known, broker.Api)).Status);
        var idle = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 300; i++)
            {
                var client = new TcpClient();
                idle.Add(client);
                await client.ConnectAsync(broker.Url.Host, broker.Url.Port);
            }
            var answer = await AskAsync(known, broker.Api); // it was idle for longest, but it is known
            Assert.True(answer.Status == 200, $"{answer.Status} {answer.Text}\n{broker.Program.Output}");
            Assert.Equal(200, await AskAnewAsync(broker));
            Assert.False(broker.Program.Process.HasExited);
            Assert.DoesNotContain("too many open files", broker.Program.Output, StringComparison.OrdinalIgnoreCase);
        }
        finally
        {
            foreach (var client in idle) client.Dispose();
        }
        Assert.Equal(200, (await broker.Api.CreateAsync("ping", "x")).Status);
    }

    [Fact]
    public async Task ThousandsOfIdleConnectionsTakeLittleMemory()
    {
        const int Connections = 4000, Most = 30 << 10;
        await using var broker = await BrokerProcess.StartAsync(folder.File("broker.db"), wrap: ["prlimit", "--nofile=5000:5000"]);
        using var known = await RawConnection.OpenAsync(broker.Url);
        Assert.Equal(200, (await AskAsync(known, broker.Api)).Status);
        var before = Resident();
        var idle = new List<Socket>();
        try
        {
            for (var i = 0; i < Connections; i++)
            {
                idle.Add(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
                await idle[i].ConnectAsync(broker.Url.Host, broker.Url.Port);
            }
            Assert.Equal(200, (await AskAsync(known, broker.Api)).Status); // answered after all of them were accepted
            Assert.InRange((Resident() - before) / Connections, 0, Most);
            Assert.DoesNotContain(idle, static s => s.Poll(0, SelectMode.SelectRead)); // below the limit nobody is sent away
        }
        finally
        {
            foreach (var socket in idle) socket.Dispose();
        }

        long Resident()
        {
            broker.Program.Process.Refresh();
            return broker.Program.Process.WorkingSet64;
        }
    }

    /// <summary>Half a head each, and half a body with a token: they hold a connection and nothing else, and not for ever.</summary>
    [Fact]
    public async Task HundredsOfSlowClientsDelayNobodyAndAreCutOff()
    {
        const int Slow = 500;
        await using var broker = await BrokerProcess.StartAsync(folder.File("broker.db"));
        var slow = new List<RawConnection>();
        try
        {
            for (var i = 0; i < Slow; i++)
            {
                var connection = await RawConnection.OpenAsync(broker.Url);
                slow.Add(connection);
                await connection.SendAsync(i % 2 == 0 ? "GET /jobs HTTP/1.1\r\nHost: x\r\nX-Slo"
                    : RawConnection.Head("POST /jobs", "Host: x", broker.Api.Bot, "Content-Type: application/json", "Content-Length: 1000") + "{");
            }
            var cutOff = Task.WhenAll(slow.Select(async connection =>
            {
                try
                {
                    return (await connection.ReceiveAsync()).Status;
                }
                catch (IOException)
                {
                    return 0;
                }
            }));
            using var patience = new CancellationTokenSource(Broken.After);
            for (var served = 0; served < 50 || !cutOff.IsCompleted; served++)
            {
                patience.Token.ThrowIfCancellationRequested();
                if (served == 50) Assert.False(cutOff.IsCompleted); // fifty were served beside all of them
                var id = await broker.Api.NewJobAsync();
                Assert.Equal(id, (await broker.Api.TakeAsync()).Id());
                Assert.Equal(200, (await broker.Api.FinishAsync(id, "pong")).Status);
            }
            Assert.All(await cutOff, static status => Assert.True(status is 0 or 408, $"{status}"));
        }
        finally
        {
            foreach (var connection in slow) connection.Dispose();
        }
    }

    [Theory]
    [InlineData(100)]
    [InlineData(128)]
    [InlineData(300)]
    public async Task WithTooFewFilesItRefusesToStart(int files)
    {
        await using var process = ProgramProcess.Start("prlimit", new Dictionary<string, string>
        {
            [Variables.BrokerDb] = folder.File("broker.db"),
            [Variables.BotToken] = BrokerProcess.BotToken,
            [Variables.WorkerToken] = BrokerProcess.WorkerToken,
        }, $"--nofile={files}:{files}", "dotnet", Repository.Broker);
        Assert.Equal(ExitCodes.Configuration, await process.WaitForExitAsync());
        Assert.Contains("LimitNOFILE", process.Output, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    /// <summary>A new connection, and while those that were sent away are still closing one more, as every client does.</summary>
    private static async Task<int> AskAnewAsync(BrokerProcess broker)
    {
        using var patience = new CancellationTokenSource(Broken.After);
        while (true)
        {
            try
            {
                using var connection = await RawConnection.OpenAsync(broker.Url);
                return (await AskAsync(connection, broker.Api)).Status;
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, patience.Token);
            }
        }
    }

    private static async Task<Answer> AskAsync(RawConnection connection, Api api)
    {
        await connection.SendAsync(RawConnection.Head("GET /jobs", "Host: x", api.Bot));
        return await connection.ReceiveAsync();
    }
}
