using OpenClaw.Programs;
using OpenClaw.Testing;
using OpenClaw.Testing.Decisions;
using Xunit.Abstractions;

namespace OpenClaw.Crash.Tests;

/// <summary>
/// kill -9 of a real broker at random moments while persons decide about held jobs that are edited meanwhile. <c>OPENCLAW_CRASH_KILLS</c> says how
/// often (3), <c>OPENCLAW_CRASH_SEED</c> repeats a run's dice.
/// </summary>
public sealed class DecisionKillTests(ITestOutputHelper output) : IDisposable
{
    private const string Admin = "admin-token-of-the-tests-0123456789abcdef";
    private const int JobsOfAKill = 12;
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task NoKillLosesADecisionOrLetsAJobRunWithoutOne()
    {
        var seed = Variable.Number("OPENCLAW_CRASH_SEED") ?? Random.Shared.Next();
        var random = new Random(seed);
        await using var broker = await BrokerProcess.StartAsync(folder.File("broker.db"),
            new Dictionary<string, string> { [Variables.AdminToken] = Admin, ["DASHBOARD"] = "0" });
        var people = await DecisionRace.PeopleAsync(broker.Api, Admin);
        var all = new List<DecisionRace>();
        for (var kill = 0; kill < (Variable.Number("OPENCLAW_CRASH_KILLS") ?? 3); kill++)
        {
            var races = new List<DecisionRace>();
            for (var n = 0; n < JobsOfAKill; n++) races.Add(await DecisionRace.MakeAsync(broker.Api, people, $"race-{n}", random));
            var moment = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var left = random.Next(1, races.Sum(static race => race.Calls.Count)); // the random moment of the kill: after so many answers
            var run = Task.WhenAll(races.Select(race => race.RunAsync(() =>
            {
                if (Interlocked.Decrement(ref left) == 0) moment.SetResult();
            })));
            await Task.WhenAny(run, moment.Task);
            await broker.Program.KillAsync();
            await run;
            output.WriteLine($"seed {seed}, kill {kill}: {Count(races, static c => c.Status == 200)} calls were done, "
                + $"{Count(races, static c => c.Status == 409)} refused, {Count(races, static c => c.Status is null)} not answered");
            await broker.StartAgainAsync();
            await Task.WhenAll(races.Select(static race => race.RepeatAsync()));
            foreach (var race in races)
            {
                var violation = await race.ViolationAsync();
                Assert.True(violation is null, $"OPENCLAW_CRASH_SEED={seed}, kill {kill}: {violation}");
            }
            all.AddRange(races);
        }
        Assert.Contains(all, static race => race.End == "running");
        Assert.Contains(all, static race => race.Calls.Any(static call => call.Status is null)); // or no kill has hit anything
    }

    private static int Count(List<DecisionRace> races, Func<Call, bool> which) => races.Sum(race => race.Calls.Count(which));
}
