using System.Diagnostics;
using System.Text;
using OpenClaw.Benchmarks.Load;
using OpenClaw.Testing;

namespace OpenClaw.Benchmarks.Figures;

/// <summary>
/// How long a claim takes while many jobs wait, in brokers that take turns. What is claimed comes from the file everywhere: a job that was just made is
/// still in memory and is claimed sooner, which is a figure of its own.
/// </summary>
internal static class WaitingFigure
{
    private const int Warmup = 600, ClaimsATurn = 500, Turns = 4, Claims = Warmup + ClaimsATurn * Turns;
    private static readonly int[] Waiting = [1_000, 100_000, 1_000_000];

    private const string Limits = """
        {"limits":[{"by":"queue","max_running":5000,"starts":100000,"per_seconds":1},{"by":"command","max_running":4000},{"by":"requester","max_running":4000}]}
        """;

    public static async IAsyncEnumerable<Figure> MeasureAsync(Bench bench)
    {
        var lines = new List<ChartLine>();
        foreach (var (what, isMixed) in new[] { ("alike", false), ("of 10,000 requesters and 500 lanes, with priorities, times and limits", true) })
        {
            var brokers = new List<Place>();
            foreach (var waiting in Waiting) brokers.Add(await Place.MakeAsync(bench, waiting, isMixed));
            foreach (var place in brokers) await place.SettleAsync();
            for (var turn = 0; turn < Turns; turn++) foreach (var place in brokers) place.Measure(ClaimsATurn);
            if (!isMixed)
            {
                var (waited, fresh) = (brokers[^1].Milliseconds(0.5), brokers[^1].MeasureFresh(ClaimsATurn));
                yield return new Figure(Figure.Text($"claim of a job that was just made while {Waiting[^1]:n0} others wait, against one of them, p50"),
                    Figure.Text($"{fresh:f2} ms against {waited:f2} ms: {fresh / waited:f2} times"), "", null);
            }
            foreach (var place in brokers[1..])
            {
                foreach (var (percentile, part) in new[] { ("p50", 0.5), ("p99", 0.99) })
                {
                    var (few, many) = (brokers[0].Milliseconds(part), place.Milliseconds(part));
                    yield return new Figure(Figure.Text($"claim while {place.Waiting:n0} jobs wait, {what}, against {Waiting[0]:n0}, {percentile}"),
                        Figure.Text($"{many:f2} ms against {few:f2} ms: {many / few:f2} times"), "1.2 times", many / few <= 1.2);
                }
            }
            var name = isMixed ? "requesters, lanes, priorities, times, limits" : "jobs alike";
            lines.Add(new ChartLine(name, [.. brokers.Select(static p => p.Milliseconds(0.5))]));
            foreach (var place in brokers) await place.DisposeAsync();
        }
        var places = Waiting.Select(static w => Figure.Text($"{w:n0}"));
        bench.Draw("claim-over-waiting", new Chart("Time of a claim over the number of waiting jobs", "ms, median", [.. places], lines));
    }

    /// <summary>A broker where so many jobs wait.</summary>
    private sealed class Place : IAsyncDisposable
    {
        private readonly TempFolder temp = new();
        private readonly Requests requests = new();
        private readonly List<long> ticks = [];
        private BrokerProcess broker = null!;
        private HttpLane lane = null!;

        public required int Waiting { get; init; }

        public static async Task<Place> MakeAsync(Bench bench, int waiting, bool isMixed)
        {
            var place = new Place { Waiting = waiting };
            var file = place.temp.File("broker.db");
            await Filling.FillAsync(bench, file, waiting + Claims * 7 / 6, isMixed);
            place.broker = await bench.StartBrokerAsync(file);
            place.lane = new HttpLane(place.broker.Url);
            if (isMixed) await place.LimitAsync();
            return place;
        }

        /// <summary>Warms up, and waits until nothing goes on in the background: a large file is checked after the start.</summary>
        public async Task SettleAsync()
        {
            Measure(Warmup);
            ticks.Clear();
            var process = broker.Program.Process;
            var spent = TimeSpan.Zero;
            do
            {
                process.Refresh();
                spent = process.TotalProcessorTime;
                await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System); // idle is a time in which nothing happens
                process.Refresh();
            }
            while (process.TotalProcessorTime - spent > TimeSpan.FromMilliseconds(100));
        }

        public void Measure(int claims)
        {
            for (var i = 0; i < claims; i++)
            {
                var start = Stopwatch.GetTimestamp();
                Requests.Check(lane.Exchange(requests.Claim), lane);
                ticks.Add(Stopwatch.GetTimestamp() - start);
                Requests.Check(lane.Exchange(requests.ResultOf(lane.Body)), lane);
            }
        }

        /// <summary>The median of claims whose jobs were made just before and go before all others, in milliseconds.</summary>
        public double MeasureFresh(int claims)
        {
            var fresh = new List<long>();
            for (var i = 0; i < claims; i++)
            {
                Requests.Check(lane.Exchange(requests.CreateFirst), lane);
                var start = Stopwatch.GetTimestamp();
                Requests.Check(lane.Exchange(requests.Claim), lane);
                fresh.Add(Stopwatch.GetTimestamp() - start);
                Requests.Check(lane.Exchange(requests.ResultOf(lane.Body)), lane);
            }
            return LoadReport.Percentile([.. fresh.Order()], 0.5);
        }

        public double Milliseconds(double part) => LoadReport.Percentile([.. ticks.Order()], part);

        public async ValueTask DisposeAsync()
        {
            lane.Dispose();
            await broker.DisposeAsync();
            temp.Dispose();
        }

        private async Task LimitAsync()
        {
            using var http = new HttpClient { BaseAddress = broker.Url };
            http.DefaultRequestHeaders.Add("X-Bot-Token", BrokerProcess.BotToken);
            using var body = new StringContent(Limits, Encoding.UTF8, "application/json");
            using var answer = await http.PatchAsync("/queues/default", body);
            answer.EnsureSuccessStatusCode();
        }
    }
}
