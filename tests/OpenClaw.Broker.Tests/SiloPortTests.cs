using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenClaw.Testing;
using Orleans.Configuration;

namespace OpenClaw.Broker.Tests;

/// <summary>Nobody but the HTTP API's callers reaches the broker: they need a token, and a silo asks for none.</summary>
public sealed class SiloPortTests
{
    [Theory]
    [InlineData("")]
    [InlineData("an-admin-token-of-the-tests-0123456789abcdef")]
    public async Task ProgramListensOnItsHttpPortAlone(string adminToken)
    {
        using var folder = new TempFolder();
        await using var broker = await BrokerProcess.StartAsync(folder.File("broker.db"), new Dictionary<string, string> { ["ADMIN_TOKEN"] = adminToken });
        Assert.Equal(["0100007F:" + broker.Url.Port.ToString("X4", CultureInfo.InvariantCulture)], Listening(broker.Program.Process.Id));
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

    private static IEnumerable<string> Listening(int processId)
    {
        var own = Directory.EnumerateFiles($"/proc/{processId}/fd").Select(static fd => new FileInfo(fd).LinkTarget).ToHashSet();
        foreach (var table in (string[])["tcp", "tcp6"])
        {
            foreach (var line in File.ReadLines($"/proc/{processId}/net/{table}").Skip(1))
            {
                var columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                var (local, state, inode) = (columns[1], columns[3], columns[9]);
                if (state == "0A" && own.Contains($"socket:[{inode}]")) yield return local;
            }
        }
    }
}
