using OpenClaw.Programs;

namespace OpenClaw.Benchmarks.Figures;

/// <summary>Measures what was asked for, prints each figure as it comes, and all of them as a table.</summary>
internal static class FigureRun
{
    public static async Task<int> RunAsync(Arguments arguments)
    {
        var bench = new Bench(arguments);
        var only = arguments.Text("only")?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        (string Name, bool Possible, Func<IAsyncEnumerable<Figure>> Measure)[] all =
        [
            ("python", arguments.Has("python-broker"), () =>
                CompareFigures.AgainstPythonAsync(bench, arguments.Required("python-broker"), arguments.Text("python", "python3"))),
            ("bullmq", arguments.Has("bullmq"), () => CompareFigures.AgainstBullMqAsync(bench)),
            ("million", true, () => WaitingFigure.MeasureAsync(bench)),
            ("batches", true, () => BatchFigure.MeasureAsync(bench)),
            ("start", true, () => StartFigure.MeasureAsync(bench)),
            ("kill", true, () => KillFigure.MeasureAsync(bench)),
            ("polls", true, () => PollsFigure.MeasureAsync(bench)),
            ("size", true, () => SizeFigure.MeasureAsync(bench)),
            ("memory", true, () => MemoryFigure.MeasureAsync(bench)),
            ("latency", true, () => LatencyFigure.MeasureAsync(bench)),
        ];
        if (only?.FirstOrDefault(name => all.All(f => f.Name != name)) is { } unknown) throw new UsageException($"there is no figure '{unknown}'.");
        Console.WriteLine("| what | measured | goal | reached |");
        Console.WriteLine("| --- | --- | --- | --- |");
        foreach (var (name, possible, measure) in all)
        {
            if (only is null ? !possible : !only.Contains(name)) continue;
            await foreach (var figure in measure()) Console.WriteLine(figure);
        }
        return ExitCodes.Ok;
    }
}
