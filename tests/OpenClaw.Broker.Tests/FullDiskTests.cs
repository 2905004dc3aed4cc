using System.Net;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Testing;

namespace OpenClaw.Broker.Tests;

/// <summary>A real broker process on a real, small file system that really is full.</summary>
public sealed class FullDiskTests : IDisposable
{
    private readonly TempFolder folder = new();

    [Fact]
    public async Task FullDiskRefusesNewJobsFinishesRunningOnesAndRecoversByItself()
    {
        var mount = folder.File("small");
        Directory.CreateDirectory(mount);
        // A mount namespace of its own: the file system is gone when the process is.
        await using var broker = await BrokerProcess.StartAsync(Path.Combine(mount, "broker.db"), wrap: ["unshare", "--mount", "--map-root-user", "sh",
            "-c", $"mount -t tmpfs -o size=20m tmpfs '{mount}' && head -c 10000000 /dev/zero > '{mount}/ballast' && exec \"$@\"", "sh"]);
        var client = broker.Client("anna");
        var running = new List<JobView>();
        for (var n = 0; n < 20; n++)
        {
            await client.CreateAsync(new CreateJob("ping", "small"));
            running.Add((await client.ClaimAsync(Guid.NewGuid().ToString("N"), TimeSpan.Zero))!);
        }
        var accepted = new List<string>();
        var refused = await FillAsync(client, accepted);
        Assert.Equal((507, ErrorCodes.StorageFull, TimeSpan.FromSeconds(2)), (refused.Status, refused.Code, refused.RetryAfter));
        for (var n = 0; n < 20; n++) Assert.Equal(507, (await FillAsync(client, accepted)).Status);
        Assert.Single(broker.Program.Output.Split('\n'), static line => line.Contains("disk is full", StringComparison.Ordinal)); // once, not once a refusal
        Assert.DoesNotContain("exception=", broker.Program.Output, StringComparison.Ordinal);
        using var http = new HttpClient { BaseAddress = broker.Url };
        await BrokerFixture.EventuallyAsync(async () => // health is looked at once a second
        {
            using var health = await http.GetAsync(new Uri("health", UriKind.Relative));
            return health.StatusCode == HttpStatusCode.ServiceUnavailable && await health.Content.ReadAsStringAsync() == """{"ok":false,"ts_bound":true}""";
        });

        foreach (var job in running) Assert.Equal(JobStatuses.Done, (await client.FinishAsync(job.Id, job.LeaseToken, "pong")).Status);
        foreach (var id in accepted.Append(running[0].Id)) Assert.Equal(id, (await client.GetAsync(id)).Id);

        // Room again, in the broker's own view of the file system.
        File.Delete($"/proc/{broker.Program.Process.Id}/root{mount}/ballast");
        await EventuallyCreatesAsync(client);
        Assert.Equal(0, await broker.Program.StopAsync());
    }

    public void Dispose() => folder.Dispose();

    private static async Task<BrokerException> FillAsync(BrokerClient client, List<string> accepted)
    {
        var payload = new string('x', 200_000);
        while (true)
        {
            try
            {
                accepted.Add((await client.CreateAsync(new CreateJob("ping", payload))).Id);
            }
            catch (BrokerException e)
            {
                return e;
            }
        }
    }

    private static Task EventuallyCreatesAsync(BrokerClient client) => BrokerFixture.EventuallyAsync(async () => // the broker looks for room once a second
    {
        try
        {
            await client.CreateAsync(new CreateJob("ping", "again"));
            return true;
        }
        catch (BrokerException e) when (e.Status == 507)
        {
            return false;
        }
    });
}
