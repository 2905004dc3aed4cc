using System.Globalization;
using OpenClaw.Benchmarks.Load;
using OpenClaw.Testing;

namespace OpenClaw.Benchmarks.Figures;

/// <summary>What the broker's process takes when it has nothing to do.</summary>
internal static class MemoryFigure
{
    public static async IAsyncEnumerable<Figure> MeasureAsync(Bench bench)
    {
        using var temp = new TempFolder();
        await using var broker = await bench.StartBrokerAsync(temp.File("broker.db"));
        await Task.Delay(TimeSpan.FromSeconds(60), TimeProvider.System); // idle is a time in which nothing happens
        var before = ProcessorTime.Of(broker.Program.Process);
        await Task.Delay(TimeSpan.FromSeconds(60), TimeProvider.System);
        var share = (ProcessorTime.Of(broker.Program.Process) - before).Total.TotalSeconds / 60;
        yield return new Figure("idle processor time, a minute after the start, over a minute", Figure.Text($"{share:p2} of a core"), "0.3 %", share < 0.003);
        var idle = ResidentMegabytes(broker.Program.Process.Id);
        yield return new Figure("idle memory", Figure.Text($"{idle:f0} MB"), "150 MB", idle < 150);
        bench.Load(broker.Url, LoadMode.Cycle);
        yield return new Figure("memory after that load", Figure.Text($"{ResidentMegabytes(broker.Program.Process.Id):f0} MB"), "", null);
    }

    private static double ResidentMegabytes(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024;
    }
}
