using System.Diagnostics;
using System.Text;
using OpenClaw.Benchmarks.Load;
using OpenClaw.Testing;

namespace OpenClaw.Benchmarks.Figures;

/// <summary>Jobs made, claimed and finished a hundred at a time against one at a time, in the same build, taking turns.</summary>
internal static class BatchFigure
{
    private const int BatchSize = 100, Connections = 4;

    public static async IAsyncEnumerable<Figure> MeasureAsync(Bench bench)
    {
        using var temp = new TempFolder();
        var (batches, singles, ratios, shares, costs) = (new List<double>(), new List<double>(), new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round < bench.Rounds; round++)
        {
            await using (var broker = await bench.StartBrokerAsync(temp.File($"batches{round}.db")))
            {
                Load(broker.Url, bench.Warmup);
                var before = ProcessorTime.Of(broker.Program.Process);
                var (jobs, seconds) = Load(broker.Url, bench.Seconds);
                var spent = ProcessorTime.Of(broker.Program.Process) - before;
                batches.Add(jobs / seconds);
                shares.Add(spent.Writer / spent.Total);
                costs.Add(spent.Total.TotalMicroseconds / Math.Max(1, jobs));
            }
            await using (var broker = await bench.StartBrokerAsync(temp.File($"singles{round}.db"))) singles.Add(bench.Load(broker.Url, LoadMode.Cycle).Rate);
            ratios.Add(batches[^1] / singles[^1]);
        }
        var ratio = Bench.Median(ratios);
        yield return new Figure($"full cycles in batches of {BatchSize} against single calls",
            Figure.Text($"{Bench.Median(batches):n0}/s against {Bench.Median(singles):n0}/s: {ratio:f1} times"), "5 times", ratio >= 5);
        yield return new Figure("processor time of a job in batches, and the writer thread's share of it",
            Figure.Text($"{Bench.Median(costs):f0} µs, {Bench.Median(shares):p0}"), "", null);
    }

    private static (int Jobs, double Seconds) Load(Uri url, int seconds)
    {
        var (jobs, stopping) = (0, false);
        var start = Stopwatch.GetTimestamp();
        var threads = Enumerable.Range(0, Connections).Select(_ => new Thread(() =>
        {
            using var lane = new HttpLane(url);
            while (!Volatile.Read(ref stopping)) Interlocked.Add(ref jobs, Cycle(lane));
        })).ToList();
        foreach (var thread in threads) thread.Start();
        using var never = new ManualResetEventSlim();
        never.Wait(TimeSpan.FromSeconds(seconds));
        Volatile.Write(ref stopping, true);
        foreach (var thread in threads) thread.Join();
        return (jobs, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private static readonly byte[] Create = HttpLane.Request("POST", "/jobs/batch",
        "{\"jobs\":[" + string.Join(',', Enumerable.Repeat("""{"command":"ping","payload":"hello"}""", BatchSize)) + "]}",
        $"X-Bot-Token: {BrokerProcess.BotToken}");

    private static readonly byte[] Claim = HttpLane.Request("GET", $"/jobs/next?max={BatchSize}", "", Requests.Worker);

    /// <summary>How many jobs were finished.</summary>
    private static int Cycle(HttpLane lane)
    {
        Requests.Check(lane.Exchange(Create), lane);
        Requests.Check(lane.Exchange(Claim), lane);
        var results = new StringBuilder("{\"results\":[");
        var jobs = 0;
        for (var rest = lane.Body; rest.IndexOf("{\"id\":\""u8) is >= 0 and var at; jobs++)
        {
            var id = Encoding.ASCII.GetString(rest.Slice(at + 7, 36));
            rest = rest[(rest.IndexOf("\"lease_token\":\""u8) + 15)..];
            var token = Encoding.ASCII.GetString(rest[..rest.IndexOf((byte)'"')]);
            if (jobs > 0) results.Append(',');
            results.Append("{\"id\":\"").Append(id).Append("\",\"lease_token\":\"").Append(token).Append("\",\"result\":\"pong\"}");
        }
        if (jobs == 0) return 0; // others have claimed them
        Requests.Check(lane.Exchange(HttpLane.Request("POST", "/jobs/results", results.Append("]}").ToString(), Requests.Worker)), lane);
        return lane.Body.IndexOf("\"ok\":false"u8) < 0 ? jobs : throw new InvalidOperationException($"refused: {Encoding.UTF8.GetString(lane.Body)}");
    }
}
