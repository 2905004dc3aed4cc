using System.Net;
using OpenClaw.Contracts;
using OpenClaw.Programs;
using OpenClaw.Testing;
using OpenClaw.Testing.Disk;

namespace OpenClaw.Broker.Tests;

/// <summary>A disk that no longer answers.</summary>
public sealed class HangingDiskTests
{
    [FaultyDiskFact]
    public async Task HealthSaysSoAndAStopEnds()
    {
        using var disk = await FaultyDisk.CreateAsync();
        await using var broker = await BrokerProcess.StartAsync(disk.Database, disk.Environment);
        disk.Hang();
        using var http = new HttpClient { BaseAddress = broker.Url };
        var create = broker.Client().CreateAsync(new CreateJob("ping", ""));
        await BrokerFixture.EventuallyAsync(async () =>
        {
            using var ready = await http.GetAsync(new Uri("health/ready", UriKind.Relative));
            return ready.StatusCode == HttpStatusCode.ServiceUnavailable
                && (await ready.Content.ReadAsStringAsync()).Contains("no answer within", StringComparison.Ordinal);
        });
        using (var live = await http.GetAsync(new Uri("health/live", UriKind.Relative))) Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        Assert.False(create.IsCompleted);
        Assert.Equal(ExitCodes.Io, await broker.Program.StopAsync());
        Assert.Contains("could not stop within", Assert.Single(broker.Program.Output.Split('\n'), l =>
            l.Contains(" fatal ", StringComparison.Ordinal)), StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<Exception>(() => create);
    }
}
