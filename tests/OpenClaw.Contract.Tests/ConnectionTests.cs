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
        await using var broker = await BrokerProcess.StartAsync(folder.File("broker.db"), wrap: ["prlimit", "--nofile=400:400"]);
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
        }, $"--nofile={files}:{files}", "dotnet", Repository.Program("OpenClaw.Broker", "openclaw-broker"));
        await process.Process.WaitForExitAsync();
        Assert.Equal(ExitCodes.Configuration, process.Process.ExitCode);
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
