using System.Diagnostics;
using System.Text.Json;

namespace OpenClaw.Benchmarks.Load;

/// <summary>What a load gave.</summary>
internal sealed record LoadReport(LoadOptions Options, double Seconds, long[] Ticks, long Empty, long Refused, string? FirstRefusal, TimeSpan ClientCpu)
{
    /// <summary>Cycles (or creates) a second.</summary>
    public double Rate => Ticks.Length / Seconds;

    public string ToJson() => JsonSerializer.Serialize(new
    {
        mode = Options.Mode.ToString().ToLowerInvariant(),
        connections = Options.Connections,
        seconds = Math.Round(Seconds, 2),
        count = Ticks.Length,
        rate = Math.Round(Rate, 1),
        p50_ms = Rounded(0.50),
        p99_ms = Rounded(0.99),
        max_ms = Rounded(1),
        empty = Empty,
        refused = Refused,
        first_refusal = FirstRefusal,
        client_cpu_seconds = Math.Round(ClientCpu.TotalSeconds, 2),
    });

    /// <summary>Null where nothing was answered.</summary>
    private double? Rounded(double part) => Ticks.Length == 0 ? null : Math.Round(Milliseconds(part), 2);

    /// <summary>The latency that this part of all cycles stayed under.</summary>
    public double Milliseconds(double part) => Percentile(Ticks, part);

    /// <param name="sorted">In the ticks of <see cref="Stopwatch"/>.</param>
    public static double Percentile(long[] sorted, double part) =>
        sorted.Length == 0 ? double.NaN
            : Stopwatch.GetElapsedTime(0, sorted[Math.Clamp((int)Math.Ceiling(sorted.Length * part) - 1, 0, sorted.Length - 1)]).TotalMilliseconds;
}
