using Microsoft.Data.Sqlite;
using OpenClaw.Contracts;
using OpenClaw.Testing;

namespace OpenClaw.Crash.Tests;

/// <summary>The broker is away for longer than a lease: that is nobody's fault but its own.</summary>
public sealed class OutageTests : IDisposable
{
    private const int Jobs = 8;
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task KillsThatLastLongerThanALeaseEndNone()
    {
        await using var broker = await BrokerProcess.StartAsync(folder.File("broker.db"));
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
            LetTheWallClockPassEveryLease();
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

    /// <summary>To the broker, which counts nothing while it is away, this is a long outage.</summary>
    private void LetTheWallClockPassEveryLease()
    {
        using var file = new SqliteConnection($"Data Source={folder.File("broker.db")};Pooling=False");
        file.Open();
        using var command = file.CreateCommand();
        command.CommandText = "update job set lease_until = created_at where state = 'running'";
        Assert.Equal(Jobs, command.ExecuteNonQuery());
    }
}
