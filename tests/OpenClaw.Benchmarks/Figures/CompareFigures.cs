using System.Globalization;
using System.Text.Json;
using OpenClaw.Benchmarks.Load;
using OpenClaw.Testing;

namespace OpenClaw.Benchmarks.Figures;

/// <summary>Full cycles here and in another system, taking turns in the same run.</summary>
internal static class CompareFigures
{
    public static async IAsyncEnumerable<Figure> AgainstPythonAsync(Bench bench, string folder, string python)
    {
        using var temp = new TempFolder();
        var port = FreePort.Take();
        var environment = new Dictionary<string, string>
        {
            ["BROKER_DB"] = temp.File("theirs.db"),
            ["BOT_TOKEN"] = BrokerProcess.BotToken,
            ["WORKER_TOKEN"] = BrokerProcess.WorkerToken,
            ["LEASE_SECONDS"] = "600",
        };
        await using var uvicorn = ProgramProcess.Start(python, environment, "-m", "uvicorn", "broker.app:app", "--app-dir", folder, "--port",
            port.ToString(CultureInfo.InvariantCulture), "--log-level", "info", "--no-access-log");
        await uvicorn.WaitForLineAsync("Uvicorn running");
        yield return await TakeTurnsAsync(bench, temp, "full cycles against the Python broker", 50, _ =>
            Task.FromResult(bench.Load(new Uri($"http://127.0.0.1:{port}"), LoadMode.Cycle).Rate));
    }

    public static async IAsyncEnumerable<Figure> AgainstBullMqAsync(Bench bench)
    {
        using var temp = new TempFolder();
        // npm finds its registry and certificates in the environment.
        var own = Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>().ToDictionary(e => (string)e.Key, e => (string)e.Value!);
        await using (var install = ProgramProcess.Start("npm", own, "install", "--prefix", temp.Path, "--no-audit", "--no-fund", "bullmq", "ioredis"))
        {
            if (await install.WaitForExitAsync(TimeSpan.FromMinutes(5)) != 0) throw new InvalidOperationException("npm install bullmq failed:\n"
                + install.Output);
        }
        var script = temp.File("bullmq.mjs");
        File.Copy(Path.Combine(AppContext.BaseDirectory, "bullmq.mjs"), script);
        string[] numbers = [.. new[] { FreePort.Take(), bench.Connections, bench.Warmup, bench.Seconds }.Select(n => n.ToString(CultureInfo.InvariantCulture))];
        await using var redis = ProgramProcess.Start("redis-server", new Dictionary<string, string>(), "--port", numbers[0], "--save", "",
            "--appendonly", "yes", "--appendfsync", "always", "--dir", temp.Path);
        await redis.WaitForLineAsync("Ready to accept connections");
        yield return await TakeTurnsAsync(bench, temp, "full cycles against BullMQ on Redis, appendfsync always", 1.5, async round =>
        {
            await using var node = ProgramProcess.Start("node", new Dictionary<string, string>(), [script, .. numbers, $"round{round}"]);
            var line = await node.WaitForLineAsync("\"rate\"", TimeSpan.FromSeconds(bench.Warmup + bench.Seconds + 60));
            Console.Error.WriteLine($"bullmq {line}");
            return JsonDocument.Parse(line).RootElement.GetProperty("rate").GetDouble();
        });
    }

    /// <summary>Ours, theirs, ours, theirs: on a busy machine the median of the pairs says more than one long run each.</summary>
    private static async Task<Figure> TakeTurnsAsync(Bench bench, TempFolder temp, string what, double goal, Func<int, Task<double>> loadTheirsAsync)
    {
        var (ours, theirs, ratios) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round < bench.Rounds; round++)
        {
            await using (var broker = await bench.StartBrokerAsync(temp.File($"ours{round}.db"))) ours.Add(bench.Load(broker.Url, LoadMode.Cycle).Rate);
            theirs.Add(await loadTheirsAsync(round));
            ratios.Add(ours[^1] / theirs[^1]);
        }
        var ratio = Median(ratios);
        return new Figure(what, Figure.Text($"{Median(ours):f0}/s against {Median(theirs):f0}/s: {ratio:f1} times"), Figure.Text($"{goal} times"),
            ratio >= goal);
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
