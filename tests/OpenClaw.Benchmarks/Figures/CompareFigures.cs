using System.Globalization;
using System.Text.Json;
using OpenClaw.Benchmarks.Load;
using OpenClaw.Testing;

namespace OpenClaw.Benchmarks.Figures;

/// <summary>Full cycles here and in another system, one after the other in the same run.</summary>
internal static class CompareFigures
{
    public static async IAsyncEnumerable<Figure> AgainstPythonAsync(Bench bench, string folder, string python)
    {
        using var temp = new TempFolder();
        LoadReport ours, theirs;
        await using (var broker = await bench.StartBrokerAsync(temp.File("ours.db"))) ours = bench.Load(broker.Url, LoadMode.Cycle);
        var port = FreePort.Take();
        var environment = new Dictionary<string, string>
        {
            ["BROKER_DB"] = temp.File("theirs.db"),
            ["BOT_TOKEN"] = BrokerProcess.BotToken,
            ["WORKER_TOKEN"] = BrokerProcess.WorkerToken,
            ["LEASE_SECONDS"] = "600",
        };
        await using (var uvicorn = ProgramProcess.Start(python, environment, "-m", "uvicorn", "broker.app:app", "--app-dir", folder, "--port", port.ToString(CultureInfo.InvariantCulture), "--log-level", "info", "--no-access-log"))
        {
            await uvicorn.WaitForLineAsync("Uvicorn running");
            theirs = bench.Load(new Uri($"http://127.0.0.1:{port}"), LoadMode.Cycle);
        }
        var ratio = ours.Rate / theirs.Rate;
        yield return new Figure("full cycles against the Python broker", Figure.Text($"{ours.Rate:f0}/s against {theirs.Rate:f0}/s: {ratio:f1} times"), "50 times", ratio >= 50);
    }

    public static async IAsyncEnumerable<Figure> AgainstBullMqAsync(Bench bench)
    {
        using var temp = new TempFolder();
        LoadReport ours;
        await using (var broker = await bench.StartBrokerAsync(temp.File("ours.db"))) ours = bench.Load(broker.Url, LoadMode.Cycle);

        var npm = Environment.GetEnvironmentVariables().Keys.Cast<string>().Where(n => n.StartsWith("npm_config", StringComparison.OrdinalIgnoreCase)).ToDictionary(n => n, n => Environment.GetEnvironmentVariable(n)!);
        await using (var install = ProgramProcess.Start("npm", npm, "install", "--prefix", temp.Path, "--no-audit", "--no-fund", "bullmq"))
        {
            if (await install.WaitForExitAsync(TimeSpan.FromMinutes(5)) != 0) throw new InvalidOperationException("npm install bullmq failed:\n" + install.Output);
        }
        var script = temp.File("bullmq.mjs");
        File.Copy(Path.Combine(AppContext.BaseDirectory, "bullmq.mjs"), script);
        string[] numbers = [.. new[] { FreePort.Take(), bench.Connections, bench.Warmup, bench.Seconds }.Select(n => n.ToString(CultureInfo.InvariantCulture))];
        await using var redis = ProgramProcess.Start("redis-server", new Dictionary<string, string>(), "--port", numbers[0], "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--dir", temp.Path);
        await redis.WaitForLineAsync("Ready to accept connections");
        await using var node = ProgramProcess.Start("node", new Dictionary<string, string>(), [script, .. numbers]);
        var line = await node.WaitForLineAsync("\"rate\"", TimeSpan.FromSeconds(bench.Warmup + bench.Seconds + 60));
        Console.Error.WriteLine($"bullmq {line}");
        var rate = JsonDocument.Parse(line).RootElement.GetProperty("rate").GetDouble();
        var ratio = ours.Rate / rate;
        yield return new Figure("full cycles against BullMQ on Redis, appendfsync always", Figure.Text($"{ours.Rate:f0}/s against {rate:f0}/s: {ratio:f2} times"), "1.5 times", ratio >= 1.5);
    }
}
