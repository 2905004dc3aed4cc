using System.Diagnostics;
using System.Text;

namespace OpenClaw.Benchmarks.Load;

/// <summary>Loads a broker from a thread and a connection each, and counts what was answered as it should be.</summary>
internal static class LoadRun
{
    private static readonly byte[] IdStart = "\"id\":\""u8.ToArray();
    private const int IdLength = 36;

    public static LoadReport Run(LoadOptions options)
    {
        var workers = Enumerable.Range(0, options.Connections).Select(i => new Worker(options, i)).ToList();
        var threads = workers.Select(w => new Thread(w.Run, 256 * 1024)).ToList();
        foreach (var thread in threads) thread.Start();
        Pause(options.Warmup);
        var (start, cpu) = (Stopwatch.GetTimestamp(), Process.GetCurrentProcess().TotalProcessorTime);
        foreach (var worker in workers) worker.Counting = true;
        Pause(options.Seconds);
        foreach (var worker in workers) worker.Counting = false;
        var (elapsed, used) = (Stopwatch.GetElapsedTime(start), Process.GetCurrentProcess().TotalProcessorTime - cpu);
        foreach (var worker in workers) worker.Stopping = true;
        foreach (var thread in threads) thread.Join();
        var ticks = workers.SelectMany(w => w.Ticks).ToArray();
        Array.Sort(ticks);
        return new LoadReport(options, elapsed.TotalSeconds, ticks, workers.Sum(w => w.Empty), workers.Sum(w => w.Refused), workers.Select(w =>
            w.FirstRefusal).FirstOrDefault(r => r is not null), used);
    }

    private static void Pause(int seconds)
    {
        using var never = new ManualResetEventSlim();
        never.Wait(TimeSpan.FromSeconds(seconds));
    }

    private sealed class Worker(LoadOptions options, int number)
    {
        private readonly byte[] create = HttpLane.Request("POST", "/jobs",
            $$"""{"command":"ping","payload":"{{new string('x', options.PayloadBytes)}}"}""", $"X-Bot-Token: {options.BotToken}");
        private readonly byte[] claim = HttpLane.Request("GET", "/jobs/next", "", $"X-Worker-Token: {options.WorkerToken}", $"X-Worker-Id: load-{number}");
        private readonly byte[] result = HttpLane.Request("POST", $"/jobs/{new string('0', IdLength)}/result", """{"result":"pong"}""",
            $"X-Worker-Token: {options.WorkerToken}", $"X-Worker-Id: load-{number}");

        public volatile bool Counting, Stopping;

        public List<long> Ticks { get; } = new(100_000);

        /// <summary>Claims that found no job, though this connection had made one.</summary>
        public long Empty { get; private set; }

        /// <summary>Answers that were no 200, and connections that broke.</summary>
        public long Refused { get; private set; }

        public string? FirstRefusal { get; private set; }

        public void Run()
        {
            while (!Stopping)
            {
                try
                {
                    using var lane = new HttpLane(options.Url);
                    while (!Stopping) Step(lane);
                }
                catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
                {
                    Refuse(e.Message);
                    Pause(1);
                }
            }
        }

        private void Step(HttpLane lane)
        {
            var (start, counted) = (Stopwatch.GetTimestamp(), Counting);
            if (!(options.Mode == LoadMode.Create ? Create(lane) : Cycle(lane))) return;
            if (counted && Counting) Ticks.Add(Stopwatch.GetTimestamp() - start);
        }

        private bool Create(HttpLane lane) => IsOk(lane, create) && lane.Body.IndexOf("\"queued\""u8) > 0;

        private bool Cycle(HttpLane lane) => Create(lane) && Claim(lane) && IsOk(lane, result) && lane.Body.IndexOf("\"done\""u8) > 0;

        /// <summary>Claims until there is a job: another connection may have taken ours, and its own is still on its way.</summary>
        private bool Claim(HttpLane lane)
        {
            while (!Stopping)
            {
                if (!IsOk(lane, claim)) return false;
                var at = lane.Body.IndexOf(IdStart);
                if (at >= 0)
                {
                    lane.Body.Slice(at + IdStart.Length, IdLength).CopyTo(result.AsSpan("POST /jobs/".Length));
                    return true;
                }
                Empty++;
            }
            return false;
        }

        private bool IsOk(HttpLane lane, byte[] request)
        {
            if (lane.Exchange(request) == 200) return true;
            Refuse($"{lane.Status} {Encoding.UTF8.GetString(lane.Body)}");
            return false;
        }

        private void Refuse(string why)
        {
            Refused++;
            FirstRefusal ??= why;
        }
    }
}
