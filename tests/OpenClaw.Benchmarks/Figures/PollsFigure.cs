using System.Diagnostics;
using OpenClaw.Benchmarks.Load;
using OpenClaw.Testing;

namespace OpenClaw.Benchmarks.Figures;

/// <summary>What a create takes while a thousand workers wait for jobs of another kind, against none that waits.</summary>
internal static class PollsFigure
{
    private const int Polls = 1_000, Warmup = 1_000, Creates = 2_000;

    public static async IAsyncEnumerable<Figure> MeasureAsync(Bench bench)
    {
        using var temp = new TempFolder();
        await using var broker = await bench.StartBrokerAsync(temp.File("broker.db"));
        using var producer = new HttpLane(broker.Url);
        var requests = new Requests();
        Measure(producer, requests, Warmup);
        var alone = Measure(producer, requests, Creates);
        var waiting = new List<HttpLane>();
        for (var n = 0; n < Polls; n++)
        {
            waiting.Add(new HttpLane(broker.Url));
            waiting[^1].Send(requests.PollForOthers);
        }
        Measure(producer, requests, Warmup);
        var among = Measure(producer, requests, Creates);
        foreach (var lane in waiting) lane.Dispose();
        foreach (var (name, part) in new[] { ("p50", 0.5), ("p99", 0.99) })
        {
            var (many, none) = (LoadReport.Percentile(among, part), LoadReport.Percentile(alone, part));
            yield return new Figure(Figure.Text($"create while {Polls:n0} long polls wait, against none, {name}"),
                Figure.Text($"{many:f2} ms against {none:f2} ms: {many / none:f2} times"), "", null);
        }
    }

    private static long[] Measure(HttpLane lane, Requests requests, int creates)
    {
        var ticks = new long[creates];
        for (var n = 0; n < creates; n++)
        {
            var start = Stopwatch.GetTimestamp();
            Requests.Check(lane.Exchange(requests.Create), lane);
            ticks[n] = Stopwatch.GetTimestamp() - start;
        }
        Array.Sort(ticks);
        return ticks;
    }
}
