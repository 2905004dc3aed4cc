using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenClaw.Testing;
using Orleans.Configuration;

namespace OpenClaw.Broker.Tests;

/// <summary>Nobody but the HTTP API's callers reaches the broker: they need a token, and a silo asks for none.</summary>
public sealed class SiloPortTests
{
    [Fact]
    public async Task ProgramListensOnItsHttpPortAlone()
    {
        using var folder = new TempFolder();
        await using var broker = await BrokerProcess.StartAsync(folder.File("broker.db"));
        Assert.Equal([broker.Url.Port], ListeningPorts(broker.Program.Process.Id));
    }

    [Fact]
    public async Task AnotherSiloCannotJoin()
    {
        await using var broker = await BrokerFixture.StartAsync();
        var theirs = broker.Services.GetRequiredService<ILocalSiloDetails>();
        using var intruder = new HostBuilder().UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(FreePort.Take(), gatewayPort: 0, theirs.SiloAddress.Endpoint, "openclaw", theirs.ClusterId);
            silo.Configure<ClusterMembershipOptions>(static membership => membership.MaxJoinAttemptTime = TimeSpan.FromSeconds(1));
        }).Build();
        await Assert.ThrowsAnyAsync<Exception>(() => intruder.StartAsync());
        Assert.Single(await broker.Grains.GetGrain<IManagementGrain>(0).GetHosts());
    }

    private static IEnumerable<int> ListeningPorts(int processId)
    {
        var own = Directory.EnumerateFiles($"/proc/{processId}/fd").Select(static fd => new FileInfo(fd).LinkTarget).ToHashSet();
        foreach (var table in (string[])["tcp", "tcp6"])
        {
            foreach (var line in File.ReadLines($"/proc/{processId}/net/{table}").Skip(1))
            {
                var columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                var (local, state, inode) = (columns[1], columns[3], columns[9]);
                if (state == "0A" && own.Contains($"socket:[{inode}]")) yield return int.Parse(local.Split(':')[1], NumberStyles.HexNumber, null);
            }
        }
    }
}
