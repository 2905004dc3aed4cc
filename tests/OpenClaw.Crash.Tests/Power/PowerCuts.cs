using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Crash.Tests.Checking;
using OpenClaw.Crash.Tests.Running;
using OpenClaw.Testing;

namespace OpenClaw.Crash.Tests.Power;

/// <summary>Cuts the power at random moments of a recorded run, opens what is left as the broker does, and says what is damaged or lost.</summary>
internal static class PowerCuts
{
    /// <param name="isTold">When a client counts as told, as a length of the log.</param>
    /// <param name="atTheEnd">Not at random moments, but after the last call.</param>
    /// <param name="startEvery">Each so-manieth folder is not only opened: a real broker starts in it and goes on.</param>
    public static async Task<List<string>> FindAsync(RecordedRun run, int cuts, int seed, int startEvery = int.MaxValue,
        Func<DiskCall, bool>? ignoresSync = null, Func<Acknowledged, long>? isTold = null, bool atTheEnd = false)
    {
        var random = new Random(seed);
        var told = isTold ?? (static a => a.Told);
        var disk = new RecordedDisk(run.Folder, run.Calls, ignoresSync);
        var found = new List<string>();
        var moments = Enumerable.Range(0, cuts).Select(_ => atTheEnd ? run.Calls.Count : random.Next(run.Calls.Count + 1)).Order().ToList();
        for (var cut = 0; cut < cuts; cut++)
        {
            disk.AdvanceTo(moments[cut]);
            var logged = moments[cut] == 0 ? 0 : run.Calls[moments[cut] - 1].End;
            var due = run.Acknowledged.Where(a => told(a) <= logged).ToList();
            using var folder = new TempFolder(inMemory: true);
            disk.WriteAfterPowerCut(folder.Path, random);
            var what = cut % startEvery == startEvery - 1 ? await StartAsync(folder.File("broker.db"), due) : Open(folder.File("broker.db"), due);
            found.AddRange(what.Select(w => $"seed {seed}, cut {cut} after call {moments[cut]} of {run.Calls.Count}: {w}"));
        }
        return found;
    }

    private static IEnumerable<string> Open(string database, List<Acknowledged> due)
    {
        try
        {
            Database.Open(database).Dispose();
        }
        catch (DatabaseException e)
        {
            return [e.Message];
        }
        var (rows, damage) = FinalStateReader.ReadFile(database);
        var jobs = rows.ToDictionary(static r => r.Id);
        return [.. damage, .. due.Where(a => !IsKept(a, jobs.GetValueOrDefault(a.Job))).Select(static a =>
            $"{(a.Result is null ? "job" : "result")} {a.Job} is lost")];
    }

    private static bool IsKept(Acknowledged a, FinalRow? row) =>
        row is not null && row.Payload == a.Payload && (a.Result is null || row is { State: "done" } && row.Result == a.Result);

    private static async Task<IEnumerable<string>> StartAsync(string database, List<Acknowledged> due)
    {
        await using var broker = await BrokerProcess.StartAsync(database);
        var api = broker.Api;
        var shown = (await FinalStateReader.ReadApiAsync(api)).ToDictionary(static r => r.Id);
        var lost = due.Where(a => !IsKept(a, shown.GetValueOrDefault(a.Job))).Select(static a => $"the broker does not show {a}").ToList();
        while ((await api.ClaimAsync()).Job is not null)
        {
            // Those that were waiting.
        }
        var made = await api.NewJobAsync();
        var claimed = (await api.ClaimAsync()).Job?.GetProperty("id").GetString();
        if (claimed != made) lost.Add($"the new job {made} is not handed out, but {claimed}");
        if (await broker.Program.StopAsync() is not 0 and var code) lost.Add($"the broker stopped with {code}");
        return lost;
    }
}
