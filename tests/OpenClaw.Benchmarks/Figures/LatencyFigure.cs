using System.Diagnostics;
using OpenClaw.Benchmarks.Load;
using OpenClaw.Testing;

namespace OpenClaw.Benchmarks.Figures;

/// <summary>From the moment a create is sent to the moment an idle, long-polling worker has the job.</summary>
internal static class LatencyFigure
{
    private const int Warmup = 200, Jobs = 1_000;

    public static async IAsyncEnumerable<Figure> MeasureAsync(Bench bench)
    {
        using var temp = new TempFolder();
        await using var broker = await bench.StartBrokerAsync(temp.File("broker.db"));
        var ticks = await Task.Run(() => Measure(broker.Url));
        var (p50, p99) = (LoadReport.Percentile(ticks, 0.5), LoadReport.Percentile(ticks, 0.99));
        yield return new Figure("enqueue to start on an idle long poll", Figure.Text($"p50 {p50:f2} ms, p99 {p99:f2} ms"), "p99 10 ms", p99 < 10);
    }

    private static long[] Measure(Uri url)
    {
        var requests = new Requests();
        using var polling = new SemaphoreSlim(0);
        using var claimed = new SemaphoreSlim(0);
        var got = 0L;
        var worker = new Thread(() =>
        {
            using var lane = new HttpLane(url);
            for (var i = 0; i < Warmup + Jobs; i++)
            {
                polling.Release();
                Requests.Check(lane.Exchange(requests.Poll), lane);
                got = Stopwatch.GetTimestamp();
                Requests.Check(lane.Exchange(requests.ResultOf(lane.Body)), lane);
                claimed.Release();
            }
        });
        worker.Start();
        using var producer = new HttpLane(url);
        using var never = new SemaphoreSlim(0);
        var ticks = new List<long>();
        for (var i = 0; i < Warmup + Jobs; i++)
        {
            polling.Wait();
            never.Wait(TimeSpan.FromMilliseconds(5)); // the poll is under way and the broker idle
            var start = Stopwatch.GetTimestamp();
            Requests.Check(producer.Exchange(requests.Create), producer);
            claimed.Wait();
            if (i >= Warmup) ticks.Add(got - start);
        }
        worker.Join();
        return [.. ticks.Order()];
    }
}
