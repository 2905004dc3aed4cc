using OpenClaw.Benchmarks.Load;
using OpenClaw.Testing;

namespace OpenClaw.Benchmarks.Figures;

/// <summary>What all figures share: how long to load, and which broker.</summary>
internal sealed class Bench(Arguments arguments, int rounds = 1, int warmup = 3, int payloadBytes = 5)
{
    public int Seconds { get; } = arguments.Number("seconds", 10);

    /// <summary>How often the comparisons are repeated.</summary>
    public int Rounds { get; } = arguments.Number("rounds", rounds);

    public int Warmup { get; } = arguments.Number("warmup", warmup);

    public int Connections { get; } = arguments.Number("connections", 32);

    public int PayloadBytes { get; } = arguments.Number("payload-bytes", payloadBytes);

    /// <summary>Writes a picture, where somebody has asked for pictures.</summary>
    public void Draw(string name, Chart chart)
    {
        if (arguments.Text("charts") is not { } folder) return;
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, name + ".svg"), chart.ToSvg());
    }

    public Task<BrokerProcess> StartBrokerAsync(string database, IReadOnlyDictionary<string, string>? more = null) =>
        BrokerProcess.StartAsync(database, new Dictionary<string, string>(more ?? new Dictionary<string, string>()) { ["LEASE_SECONDS"] = "600" },
            program: arguments.Text("broker"));

    public LoadReport Load(Uri url, LoadMode mode) => Load(url, mode, Warmup, Seconds);

    /// <summary>Loads without counting, until what is hot is compiled.</summary>
    public void WarmUp(Uri url, LoadMode mode) => Load(url, mode, Warmup, 1);

    /// <summary>Loads a broker that is warm already: every request counts.</summary>
    public LoadReport LoadWarm(Uri url, LoadMode mode, int? payloadBytes = null) => Load(url, mode, 0, Seconds, payloadBytes);

    public static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private LoadReport Load(Uri url, LoadMode mode, int warmup, int seconds, int? payloadBytes = null)
    {
        var report = LoadRun.Run(new LoadOptions(url, BrokerProcess.BotToken, BrokerProcess.WorkerToken)
        {
            Mode = mode,
            Seconds = seconds,
            Warmup = warmup,
            Connections = Connections,
            PayloadBytes = payloadBytes ?? PayloadBytes,
        });
        Console.Error.WriteLine($"{url} {report.ToJson()}");
        return report;
    }
}
