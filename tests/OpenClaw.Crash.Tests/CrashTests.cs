using System.Globalization;
using OpenClaw.Crash.Tests.Checking;
using OpenClaw.Crash.Tests.History;
using OpenClaw.Crash.Tests.Running;
using Xunit.Abstractions;

namespace OpenClaw.Crash.Tests;

/// <summary>
/// kill -9 of a real broker under load, again and again. <c>OPENCLAW_CRASH_KILLS</c> says how often (4),
/// <c>OPENCLAW_CRASH_SEED</c> repeats a run's dice.
/// </summary>
public class CrashTests(ITestOutputHelper output)
{
    /// <summary>After so many kills a run drains and is judged, so that a long night fits in memory.</summary>
    private const int KillsPerRun = 50;

    [Fact]
    public async Task NoKillBreaksAPromise()
    {
        var seed = Variable.Number("OPENCLAW_CRASH_SEED") ?? Random.Shared.Next();
        var left = Variable.Number("OPENCLAW_CRASH_KILLS") ?? 4;
        for (; left > 0; left -= KillsPerRun, seed++)
        {
            var run = new CrashRun(seed);
            var final = await run.RunAsync(Math.Min(left, KillsPerRun));
            var violations = Checker.Check(run.Events, final);
            var summary = Summarize(run.Events, final);
            output.WriteLine($"seed {seed}: {summary}");
            if (violations.Count > 0) Assert.Fail($"OPENCLAW_CRASH_SEED={seed}, {summary}, history in {Keep(run.Events)}\n{violations.Count} "
                + $"violations, of each rule some:\n{string.Join('\n', violations.GroupBy(v => v.Rule).SelectMany(g => g.Take(10)))}");
            Assert.Contains(final.File, row => row.State == "done"); // a run without load would prove nothing
            Assert.All(CrashRun.OfPersons, what => Assert.Contains(run.Events, e => e.Phase == Phase.Ok && e.Operation == what));
        }
    }

    private static string Summarize(IReadOnlyList<Event> events, FinalState final)
    {
        var rows = final.File;
        var underFire = events.Last(e => e.Operation == Operation.Start).At / 1000;
        int Count(Func<Event, bool> which) => events.Count(which);
        return string.Join(", ", (string[])
        [
            string.Create(CultureInfo.InvariantCulture,
                $"{Count(e => e.Operation == Operation.Kill)} kills in {underFire:f0} s, drained in {events[^1].At / 1000 - underFire:f0} s"),
            $"{rows.Count} jobs ({rows.Count(r => r.State == "done")} done, {rows.Count(r => r.State == "cancelled")} cancelled, "
                + $"{rows.Count(LinkRule.IsThroughParent)} through a parent, {rows.Count(r => r.Attempt > 1)} with a further attempt, "
                + $"{rows.Sum(r => r.Round - 1)} retries by hand, {rows.Sum(r => r.LostLeases)} leases lost)",
            $"{Count(e => e is { Operation: Operation.Hold, Phase: Phase.Ok })} holds, {Count(e => e.Value == Call.Found)} unique keys found",
            $"{Count(e => e.Phase == Phase.Invoke)} calls ({Count(e => e.Phase == Phase.Unknown)} without an answer, "
                + $"{Count(e => e is { Phase: Phase.Refused, Value: not null })} refused, "
                + $"{Count(e => e is { Phase: Phase.Unknown, Value: not null })} of status 5xx)",
        ]);
    }

    private static string Keep(IReadOnlyList<Event> events)
    {
        var path = Path.Combine(Path.GetTempPath(), $"openclaw-history-{Guid.NewGuid():n}.txt");
        File.WriteAllLines(path, events.Select(e => e.ToString()));
        return path;
    }
}
