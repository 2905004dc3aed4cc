using System.Diagnostics;
using System.Globalization;
using System.Text;
using OpenClaw.Benchmarks.Load;
using OpenClaw.Testing;

namespace OpenClaw.Benchmarks.Figures;

/// <summary>What jobs write: 32 of them, a piece of 100 bytes a call, each synced before its answer; and the same twenty a call.</summary>
internal static class StreamFigure
{
    private const int Jobs = 32;
    private static readonly string Text = new('x', 100);

    public static async IAsyncEnumerable<Figure> MeasureAsync(Bench bench)
    {
        using var temp = new TempFolder();
        foreach (var size in (int[])[1, 20])
        {
            var rates = new List<double>();
            for (var round = 0; round < bench.Rounds; round++)
            {
                await using var broker = await bench.StartBrokerAsync(temp.File($"stream{size}-{round}.db"));
                Load(broker.Url, bench.Warmup, size);
                rates.Add(Load(broker.Url, bench.Seconds, size));
            }
            var rate = Bench.Median(rates);
            yield return new Figure($"pieces of what {Jobs} jobs write, {size} a call", Figure.Text($"{rate:n0}/s"), "5,000/s", rate >= 5000);
        }
    }

    /// <summary>Pieces a second.</summary>
    private static double Load(Uri url, int seconds, int size)
    {
        var (pieces, stopping) = (0L, false);
        var start = Stopwatch.GetTimestamp();
        var threads = Enumerable.Range(0, Jobs).Select(_ => new Thread(() =>
        {
            using var lane = new HttpLane(url);
            var requests = new Requests();
            Requests.Check(lane.Exchange(requests.Create), lane);
            Requests.Check(lane.Exchange(requests.Claim), lane);
            var id = Encoding.ASCII.GetString(lane.Body.Slice(lane.Body.IndexOf("\"id\":\""u8) + 6, 36));
            for (long n = 1; !Volatile.Read(ref stopping); n += size)
            {
                Requests.Check(lane.Exchange(HttpLane.Request("POST", $"/jobs/{id}/chunks", Body(n, size), Requests.Worker)), lane);
                Interlocked.Add(ref pieces, size);
            }
        })).ToList();
        foreach (var thread in threads) thread.Start();
        using var never = new ManualResetEventSlim();
        never.Wait(TimeSpan.FromSeconds(seconds));
        Volatile.Write(ref stopping, true);
        foreach (var thread in threads) thread.Join();
        return pieces / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static string Body(long first, int size) => "{\"chunks\":[" + string.Join(',', Enumerable.Range(0, size).Select(i =>
        string.Create(CultureInfo.InvariantCulture, $$"""{"n":{{first + i}},"chunk_type":"stdout","content":"{{Text}}"}"""))) + "]}";
}
