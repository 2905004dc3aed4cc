using OpenClaw.Contracts;
using OpenClaw.Testing;

namespace OpenClaw.Crash.Tests;

/// <summary>The broker is away for longer than a lease: that is nobody's fault but its own.</summary>
public sealed class OutageTests : IDisposable
{
    private const int Jobs = 8;
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(5);
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task KillsThatLastLongerThanALeaseEndNone()
    {
        await using var broker = await BrokerProcess.StartAsync(folder.File("broker.db"), new Dictionary<string, string> { ["LEASE_SECONDS"] = "5" });
        var anna = broker.Client("anna");
        var held = new List<JobView>();
        for (var n = 0; n < Jobs; n++)
        {
            await anna.CreateAsync(new CreateJob("ping", ""));
            held.Add((await anna.ClaimAsync($"c{n}", TimeSpan.Zero))!);
        }
        for (var kill = 0; kill < 2; kill++)
        {
            await broker.Program.KillAsync();
            await Task.Delay(Lease * 1.05, TimeProvider.System); // every lease is over by the clock on the wall
            await broker.StartAgainAsync();
            Assert.Null(await broker.Client("bert").ClaimAsync($"b{kill}", TimeSpan.Zero));
            foreach (var job in held.Skip(1).Take(3)) await anna.HeartbeatAsync(job.Id, job.LeaseToken);
        }
        foreach (var job in held) Assert.Equal(JobStatuses.Done, (await anna.FinishAsync(job.Id, job.LeaseToken, "late")).Status);
        foreach (var job in held)
        {
            var done = await anna.GetAsync(job.Id);
            Assert.Equal((1, 0, "late"), (done.Attempt, done.LostLeases, done.Result));
        }
    }
}
