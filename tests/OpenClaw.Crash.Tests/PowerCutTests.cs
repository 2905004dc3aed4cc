using OpenClaw.Crash.Tests.Power;
using OpenClaw.Testing;
using Xunit.Abstractions;

namespace OpenClaw.Crash.Tests;

/// <summary>
/// The power goes while a broker works. What it had the disk do is recorded; a disk that lost its power then holds all up to the last sync of
/// each file, and of what came later some sectors. <c>OPENCLAW_POWER_CUTS</c> says how many (60), <c>OPENCLAW_POWER_SEED</c> repeats their dice.
/// </summary>
public class PowerCutTests(ITestOutputHelper output)
{
    private const int CutsPerRun = 1000, Jobs = 400;

    [FaultyDiskFact]
    public async Task NoPowerCutLosesWhatWasAcknowledged()
    {
        var seed = Variable.Number("OPENCLAW_POWER_SEED") ?? Random.Shared.Next();
        for (var left = Variable.Number("OPENCLAW_POWER_CUTS") ?? 60; left > 0; left -= CutsPerRun, seed++)
        {
            using var run = await RecordedRun.MakeAsync(Jobs, seed);
            var cuts = Math.Min(left, CutsPerRun);
            var found = await PowerCuts.FindAsync(run, cuts, seed, startEvery: cuts / 3);
            output.WriteLine($"seed {seed}: {cuts} power cuts in {run.Calls.Count} calls of the disk with {run.Acknowledged.Count} acknowledgements");
            Assert.True(found.Count == 0, $"OPENCLAW_POWER_SEED={seed}, {found.Count} in all:\n{string.Join('\n', found.Take(20))}");
            Assert.Equal((0, 2 * Jobs), (run.ExitCode, run.Acknowledged.Count));
            Assert.Contains(run.Calls, call => IsCheckpoint(run, call)); // a run without one would leave out how the log is folded
        }
    }

    /// <summary>The check itself: it must see what a broker would lose that synced less, or answered too early.</summary>
    [FaultyDiskFact]
    public async Task CheckSeesWhatSyncsLessAndWhatAnswersTooEarly()
    {
        using var run = await RecordedRun.MakeAsync(100, 1);
        // What synchronous=NORMAL is: the log is not synced at a commit.
        var unsynced = await PowerCuts.FindAsync(run, 30, 1, ignoresSync: static call => call.Path.EndsWith("-wal", StringComparison.Ordinal));
        Assert.Contains(unsynced, static w => w.Contains("job", StringComparison.Ordinal) && w.EndsWith("is lost", StringComparison.Ordinal));
        Assert.Contains(unsynced, static w => w.Contains("result", StringComparison.Ordinal) && w.EndsWith("is lost", StringComparison.Ordinal));
        var early = await PowerCuts.FindAsync(run, 30, 1, isTold: static a => a.Asked);
        Assert.Contains(early, static w => w.EndsWith("is lost", StringComparison.Ordinal));
        Assert.Empty(await PowerCuts.FindAsync(run, 30, 1));
    }

    private static bool IsCheckpoint(RecordedRun run, DiskCall call) =>
        call.Kind == DiskCallKind.Sync && call.Path == Path.Combine(run.Folder, "broker.db") && call.End > run.Calls[run.Calls.Count / 4].End
        && call.End < run.Calls[run.Calls.Count * 9 / 10].End;
}
