using OpenClaw.Benchmarks.Load;
using OpenClaw.Testing;

namespace OpenClaw.Benchmarks.Figures;

/// <summary>What all figures share: how long to load, and which broker.</summary>
internal sealed class Bench(Arguments arguments)
{
    public int Seconds { get; } = arguments.Number("seconds", 10);

    public int Warmup { get; } = arguments.Number("warmup", 3);

    public int Connections { get; } = arguments.Number("connections", 32);

    public Task<BrokerProcess> StartBrokerAsync(string database, IReadOnlyDictionary<string, string>? more = null) =>
        BrokerProcess.StartAsync(database, new Dictionary<string, string>(more ?? new Dictionary<string, string>()) { ["LEASE_SECONDS"] = "600" }, program: arguments.Text("broker"));

    public LoadReport Load(Uri url, LoadMode mode)
    {
        var report = LoadRun.Run(new LoadOptions(url, BrokerProcess.BotToken, BrokerProcess.WorkerToken) { Mode = mode, Seconds = Seconds, Warmup = Warmup, Connections = Connections });
        Console.Error.WriteLine($"{url} {report.ToJson()}");
        return report;
    }
}
