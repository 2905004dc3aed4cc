using System.Diagnostics;
using System.Globalization;

namespace OpenClaw.Benchmarks.Load;

/// <summary>What a load gave.</summary>
internal sealed record LoadReport(LoadOptions Options, double Seconds, long[] Ticks, long Empty, long Refused, string? FirstRefusal, TimeSpan ClientCpu)
{
    /// <summary>Cycles (or creates) a second.</summary>
    public double Rate => Ticks.Length / Seconds;

    public string ToJson() => string.Create(CultureInfo.InvariantCulture,
        $$"""{"mode":"{{Options.Mode.ToString().ToLowerInvariant()}}","connections":{{Options.Connections}},"seconds":{{Seconds:f2}},"count":{{Ticks.Length}},"rate":{{Rate:f1}},"p50_ms":{{Milliseconds(0.50):f2}},"p99_ms":{{Milliseconds(0.99):f2}},"max_ms":{{Milliseconds(1):f2}},"empty":{{Empty}},"refused":{{Refused}},"first_refusal":{{(FirstRefusal is null ? "null" : $"\"{System.Text.Json.JsonEncodedText.Encode(FirstRefusal)}\"")}},"client_cpu_seconds":{{ClientCpu.TotalSeconds:f2}}}""");

    /// <summary>The latency that this part of all cycles stayed under.</summary>
    public double Milliseconds(double part) => Percentile(Ticks, part);

    /// <param name="sorted">In the ticks of <see cref="Stopwatch"/>.</param>
    public static double Percentile(long[] sorted, double part) =>
        sorted.Length == 0 ? double.NaN
            : Stopwatch.GetElapsedTime(0, sorted[Math.Clamp((int)Math.Ceiling(sorted.Length * part) - 1, 0, sorted.Length - 1)]).TotalMilliseconds;
}
