using System.Diagnostics;
using OpenClaw.Benchmarks.Load;
using OpenClaw.Testing;

namespace OpenClaw.Benchmarks.Figures;

/// <summary>How long a claim takes while many jobs wait. One is made for each that is claimed, so their number stays.</summary>
internal static class WaitingFigure
{
    private const int Few = 1_000, Many = 1_000_000, Warmup = 500, Claims = 2_000;

    public static async IAsyncEnumerable<Figure> MeasureAsync(Bench bench)
    {
        var few = await MeasureAsync(bench, Few);
        foreach (var (what, isMixed) in new[] { ("", false), (" of 10,000 requesters, 500 lanes and all times", true) })
        {
            var many = await MeasureAsync(bench, Many, isMixed);
            foreach (var (name, part) in new[] { ("p50", 0.5), ("p99", 0.99) })
            {
                var (ofFew, ofMany) = (LoadReport.Percentile(few, part), LoadReport.Percentile(many, part));
                yield return new Figure($"claim latency with 1,000,000 waiting jobs{what} against 1,000, {name}",
                    Figure.Text($"{ofMany:f2} ms against {ofFew:f2} ms: {ofMany / ofFew:f2} times"), "1.2 times", ofMany / ofFew <= 1.2);
            }
        }
    }

    private static async Task<long[]> MeasureAsync(Bench bench, int waiting, bool isMixed = false)
    {
        using var temp = new TempFolder();
        await Filling.FillAsync(bench, temp.File("broker.db"), waiting, isMixed);
        await using var broker = await bench.StartBrokerAsync(temp.File("broker.db"));
        using var lane = new HttpLane(broker.Url);
        var requests = new Requests();
        var ticks = new List<long>();
        for (var i = 0; i < Warmup + Claims; i++)
        {
            Requests.Check(lane.Exchange(requests.Create), lane);
            var start = Stopwatch.GetTimestamp();
            Requests.Check(lane.Exchange(requests.Claim), lane);
            if (i >= Warmup) ticks.Add(Stopwatch.GetTimestamp() - start);
            Requests.Check(lane.Exchange(requests.ResultOf(lane.Body)), lane);
        }
        return [.. ticks.Order()];
    }
}
