using OpenClaw.Testing;

namespace OpenClaw.Crash.Tests;

/// <summary>
/// kill -9 of a real broker whose schedules tick each second, at random moments: between two writes, too. <c>OPENCLAW_CRASH_KILLS</c> says how
/// often (3), <c>OPENCLAW_CRASH_SEED</c> repeats a run's dice.
/// </summary>
public sealed class ScheduleKillTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task NoKillLosesOrDoublesATick()
    {
        var seed = Variable.Number("OPENCLAW_CRASH_SEED") ?? Random.Shared.Next();
        var random = new Random(seed);
        await using var broker = await BrokerProcess.StartAsync(folder.File("broker.db"));
        var first = new Dictionary<string, long>();
        foreach (var policy in (string[])["all", "one"])
        {
            var made = await broker.Api.PostAsync("/schedules",
                $$"""{"name":"{{policy}}","every_seconds":1,"catch_up":"{{policy}}","job":{"command":"ping","payload":""} }""", broker.Api.Bot);
            Assert.Equal(200, made.Status);
            first[policy] = made.Json.GetProperty("next")[0].GetInt64();
        }
        for (var kill = 0; kill < (Variable.Number("OPENCLAW_CRASH_KILLS") ?? 3); kill++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(50, 1500)), TimeProvider.System); // the random moment of the kill
            await broker.Program.KillAsync();
            // Away for two ticks, once at least: one of the two schedules must miss the first of them.
            if (kill == 0) await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
            await broker.StartAgainAsync();
        }
        var before = Number("select max(next_tick) from schedule");
        await UntilAsync(() => Number("select min(next_tick) from schedule") > before + 1000);
        Assert.Equal(0, await broker.Program.StopAsync());
        foreach (var (schedule, missed) in ((string, string)[])[("all", "= 0"), ("one", "> 0")])
        {
            var which = $"seed {seed}, schedule {schedule}";
            // Each tick up to the next has its job or is counted as missed, and the row's last is the last there is.
            var (jobs, ticks) = (Number($"select count(*) from job where schedule = '{schedule}'"),
                Number($"select next_tick / 1000 - {first[schedule]} - missed from schedule where name = '{schedule}'"));
            Assert.True(jobs == ticks, $"{which}: {jobs} jobs of {ticks} ticks");
            Assert.True(Number($"select count(distinct tick) from job where schedule = '{schedule}'") == jobs, $"{which}: a tick was made twice");
            Assert.True(Number($"select missed {missed} from schedule where name = '{schedule}'") == 1, $"{which}: missed is not {missed}");
            Assert.True(Number("select count(*) from schedule s join job j on j.id = s.last_job and j.tick = s.last_tick and j.tick = s.next_tick - 1000 "
                + $"where s.name = '{schedule}'") == 1, $"{which}: the row and its last job disagree");
        }
    }

    private static async Task UntilAsync(Func<bool> isSo)
    {
        using var patience = new CancellationTokenSource(Broken.After);
        while (!isSo()) await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, patience.Token);
    }

    private long Number(string sql) => FileQuery.Number(folder.File("broker.db"), sql);
}
