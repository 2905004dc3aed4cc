using OpenClaw.Programs;

namespace OpenClaw.Benchmarks.Figures;

/// <summary>Measures what was asked for, prints each figure as it comes, and all of them as a table.</summary>
internal static class FigureRun
{
    public static async Task<int> RunAsync(Arguments arguments)
    {
        var bench = new Bench(arguments);
        var only = arguments.List("only");
        (string Name, Func<IAsyncEnumerable<Figure>> Measure)[] all =
        [
            ("million", () => WaitingFigure.MeasureAsync(bench)),
            ("batches", () => BatchFigure.MeasureAsync(bench)),
            ("streams", () => StreamFigure.MeasureAsync(bench)),
            ("start", () => StartFigure.MeasureAsync(bench)),
            ("kill", () => KillFigure.MeasureAsync(bench)),
            ("polls", () => PollsFigure.MeasureAsync(bench)),
            ("size", () => SizeFigure.MeasureAsync(bench)),
            ("memory", () => MemoryFigure.MeasureAsync(bench)),
            ("latency", () => LatencyFigure.MeasureAsync(bench)),
        ];
        if (only?.FirstOrDefault(name => all.All(f => f.Name != name)) is { } unknown) throw new UsageException($"there is no figure '{unknown}'.");
        Console.WriteLine("| what | measured | goal | reached |");
        Console.WriteLine("| --- | --- | --- | --- |");
        foreach (var (name, measure) in all)
        {
            if (only is not null && !only.Contains(name)) continue;
            await foreach (var figure in measure()) Console.WriteLine(figure);
        }
        return ExitCodes.Ok;
    }
}
