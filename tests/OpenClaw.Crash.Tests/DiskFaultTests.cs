using System.Collections.Concurrent;
using OpenClaw.Crash.Tests.Power;
using OpenClaw.Crash.Tests.Running;
using OpenClaw.Programs;
using OpenClaw.Testing;
using OpenClaw.Testing.Disk;
using OpenClaw.Testing.Http;
using Xunit.Abstractions;

namespace OpenClaw.Crash.Tests;

/// <summary>
/// Writes and syncs that fail, and a disk that is slow. <c>OPENCLAW_DISK_FAULTS</c> says how many writes and how many syncs fail (6 and 2),
/// <c>OPENCLAW_DISK_SEED</c> repeats which.
/// </summary>
public class DiskFaultTests(ITestOutputHelper output)
{
    [FaultyDiskFact]
    public async Task WriteThatFailsIsRefusedAndTheBrokerGoesOn()
    {
        var random = Dice();
        using var disk = await FaultyDisk.CreateAsync();
        await using var broker = await BrokerProcess.StartAsync(disk.Database, disk.Environment);
        var (acknowledged, refused, failedOn) = (new ConcurrentBag<(string Id, string Payload)>(), 0, new List<string>());
        for (var fault = 0; fault < (Variable.Number("OPENCLAW_DISK_FAULTS") ?? 6); fault++)
        {
            disk.FailOne('w', fault % 2 == 0 ? FaultyDisk.NoSpace : FaultyDisk.IoError, random.Next(60));
            using var patience = new CancellationTokenSource(Broken.After);
            await Task.WhenAll(Enumerable.Range(0, 4).Select(client => Task.Run(async () =>
            {
                // Until the fault came, and what it refused is accepted again.
                for (var (n, ok) = (0, false); disk.FailedOn is null || !ok; n++)
                {
                    patience.Token.ThrowIfCancellationRequested();
                    ok = await CreateAsync($"{fault}-{client}-{n}");
                }
            })));
            failedOn.Add(Path.GetFileName(disk.FailedOn!));
        }
        await broker.Program.KillAsync();
        await broker.StartAgainAsync();
        foreach (var (id, payload) in acknowledged) Assert.Equal(payload, (await broker.Api.JobAsync(id)).Text("payload"));
        Assert.Equal(0, await broker.Program.StopAsync());
        Assert.Empty(FinalStateReader.ReadFile(disk.Database).Damage);
        output.WriteLine($"{acknowledged.Count} jobs made, {refused} refused; failed: {string.Join(", ", failedOn.CountBy(static f => f))}");
        Assert.NotEqual(0, refused);

        async Task<bool> CreateAsync(string payload)
        {
            var answer = await broker.Api.CreateAsync("ping", payload);
            if (answer.Status == 200) acknowledged.Add((answer.Json.Id(), payload));
            else Interlocked.Increment(ref refused);
            Assert.Contains(answer.Status, new[] { 200, 500, 503, 507 });
            return answer.Status == 200;
        }
    }

    /// <summary>What a failed sync leaves may be lost with the next power cut, whatever a second sync says: nobody may have been answered.</summary>
    [FaultyDiskFact]
    public async Task SyncThatFailsEndsTheBrokerAndNobodyWasAnswered()
    {
        var random = Dice();
        for (var fault = 0; fault < (Variable.Number("OPENCLAW_DISK_FAULTS") ?? 2); fault++)
        {
            var seed = random.Next();
            using var run = await RecordedRun.MakeAsync(400, seed, syncsBeforeOneFails: random.Next(150));
            output.WriteLine($"a sync of {Path.GetFileName(run.Failed?.Path)} failed after {run.Acknowledged.Count} acknowledgements: exit {run.ExitCode}");
            Assert.NotNull(run.Failed);
            if (run.Failed is { HadToCommit: true }) Assert.Equal(ExitCodes.Io, run.ExitCode);
            Assert.Empty(await PowerCuts.FindAsync(run, 10, seed, startEvery: 10, atTheEnd: true));
        }
    }

    [FaultyDiskFact]
    public async Task SlowDiskAnswersEverybodyAndEndsNoLease()
    {
        const int Clients = 50, Each = 3;
        using var disk = await FaultyDisk.CreateAsync(keepsLog: true);
        await using var broker = await BrokerProcess.StartAsync(disk.Database, new Dictionary<string, string>(disk.Environment) { ["LEASE_SECONDS"] = "10" });
        var held = await broker.Api.NewJobAsync();
        var job = await broker.Api.TakeAsync("X-Worker-Id: anna");
        var before = DiskCall.Read(disk.Log).Count;
        using (disk.Slow())
        {
            var creates = Enumerable.Range(0, Clients).Select(_ => Task.Run(async () =>
            {
                for (var n = 0; n < Each; n++) await broker.Api.NewJobAsync();
            })).ToList();
            var all = Task.WhenAll(creates);
            for (var beats = 0; beats < 3 || !all.IsCompleted; beats++)
            {
                Assert.Equal(200, (await broker.Api.GetAsync("/health/live")).Status);
                Assert.Equal(200, (await broker.Api.DoAsync(held, "heartbeat", null, job.Fence(), "X-Worker-Id: anna")).Status);
            }
            await all;
            Assert.Equal(200, (await broker.Api.FinishAsync(held, "pong", job.Fence())).Status);
        }
        var end = await broker.Api.JobAsync(held);
        Assert.Equal(("done", 1, 0), (end.Text("state"), end.Number("attempt"), end.Number("lost_leases")));
        var syncs = DiskCall.Read(disk.Log).Skip(before).Count(static c => c.Kind == DiskCallKind.Sync && c.Path.EndsWith("-wal", StringComparison.Ordinal));
        Assert.InRange(syncs, 1, Clients * Each / 3); // one sync for many
    }

    private static Random Dice() => new(Variable.Number("OPENCLAW_DISK_SEED") ?? Random.Shared.Next());
}
