using System.Diagnostics;
using OpenClaw.Testing;

namespace OpenClaw.Benchmarks.Figures;

/// <summary>From the start after a <c>kill -9</c> under load to the first answer, and to the first claim, with 100,000 waiting jobs.</summary>
internal static class KillFigure
{
    private const int Kills = 5;

    public static async IAsyncEnumerable<Figure> MeasureAsync(Bench bench)
    {
        using var temp = new TempFolder();
        await Filling.FillAsync(bench, temp.File("broker.db"), 100_000);
        var (answers, claims) = (new List<double>(), new List<double>());
        await using var broker = await bench.StartBrokerAsync(temp.File("broker.db"));
        for (var kill = 0; kill < Kills; kill++)
        {
            bench.WarmUp(broker.Url, Load.LoadMode.Cycle);
            broker.Program.Process.Kill();
            await broker.Program.Process.WaitForExitAsync();
            var start = Stopwatch.GetTimestamp();
            await broker.StartAgainAsync();
            answers.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            await broker.Api.TakeAsync();
            claims.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        yield return new Figure("recovery after kill -9 under load, 100,000 jobs waiting, to the first answer and to the first claim",
            Figure.Text($"{Bench.Median(answers):f2} s and {Bench.Median(claims):f2} s, median of {Kills}"), "", null);
    }
}
