using System.Text.Json;
using OpenClaw.Benchmarks.Load;

namespace OpenClaw.Benchmarks.Against;

/// <summary>What one load of one system gave.</summary>
/// <param name="Rate">Whole cycles a second.</param>
/// <param name="P50">Milliseconds of a whole cycle, from before its create until it has finished.</param>
internal sealed record Turn(int Count, double Rate, double P50, double P99, double ClientCpuSeconds, double Seconds)
{
    public double ClientMicroseconds => ClientCpuSeconds * 1e6 / Count;

    /// <summary>How much of one core the client used.</summary>
    public double ClientShare => ClientCpuSeconds / Seconds;

    public static Turn Of(LoadReport report) => report.Ticks.Length == 0
        ? throw new InvalidOperationException($"not one cycle went through: {report.FirstRefusal ?? "no answer"}")
        : new Turn(report.Ticks.Length, report.Rate, report.Milliseconds(0.5), report.Milliseconds(0.99), report.ClientCpu.TotalSeconds, report.Seconds);

    /// <summary>From the line that a client ends with.</summary>
    public static Turn Parse(string line)
    {
        var report = JsonDocument.Parse(line).RootElement;
        double Number(string name) => report.GetProperty(name).GetDouble();
        var count = report.GetProperty("count").GetInt32();
        if (count == 0) throw new InvalidOperationException("not one cycle went through");
        return new Turn(count, Number("rate"), Number("p50_ms"), Number("p99_ms"), Number("cpu_seconds"), Number("seconds"));
    }
}
