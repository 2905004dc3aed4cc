using System.Diagnostics;
using OpenClaw.Testing;

namespace OpenClaw.Benchmarks.Figures;

/// <summary>From the start of the process to the first answer, and to the first claim, with 100,000 waiting jobs.</summary>
internal static class StartFigure
{
    private const int Starts = 5;

    public static async IAsyncEnumerable<Figure> MeasureAsync(Bench bench)
    {
        using var temp = new TempFolder();
        await Filling.FillAsync(bench, temp.File("broker.db"), 100_000);
        var (answers, claims) = (new List<double>(), new List<double>());
        for (var i = 0; i < Starts; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await using var broker = await bench.StartBrokerAsync(temp.File("broker.db"));
            answers.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            await broker.Api.TakeAsync();
            claims.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            await broker.Program.StopAsync();
        }
        answers.Sort();
        claims.Sort();
        yield return new Figure("start to the first answer with 100,000 jobs, median of 5",
            Figure.Text($"{answers[Starts / 2]:f2} s (to the first claim {claims[Starts / 2]:f2} s)"), "2 s", answers[Starts / 2] < 2);
    }
}
