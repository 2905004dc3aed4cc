using Microsoft.Data.Sqlite;
using OpenClaw.Benchmarks.Load;
using OpenClaw.Testing;

namespace OpenClaw.Benchmarks.Figures;

/// <summary>What a job takes in the file: payload of 100 bytes, a short result, everything that is kept of its life.</summary>
internal static class SizeFigure
{
    public static async IAsyncEnumerable<Figure> MeasureAsync(Bench bench)
    {
        using var temp = new TempFolder();
        foreach (var (mode, what) in new[] { (LoadMode.Create, "a waiting job"), (LoadMode.Cycle, "a job that is done") })
        {
            var file = temp.File($"{mode}.db");
            var empty = await SizeAsync(bench, file, null);
            var before = Count(file);
            var full = await SizeAsync(bench, file, mode);
            var jobs = Count(file) - before;
            yield return new Figure($"{what}, payload of 100 bytes, in the file", Figure.Text($"{(full - empty) / (double)jobs:f0} bytes"), "", null);
        }
    }

    /// <summary>The file's size once its broker has ended.</summary>
    private static async Task<long> SizeAsync(Bench bench, string file, LoadMode? mode)
    {
        await using (var broker = await bench.StartBrokerAsync(file))
        {
            if (mode is { } load) bench.LoadWarm(broker.Url, load, payloadBytes: 100);
            await broker.Program.StopAsync();
        }
        return new FileInfo(file).Length;
    }

    private static long Count(string file)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var count = connection.CreateCommand();
        count.CommandText = "select count(*) from job";
        return (long)count.ExecuteScalar()!;
    }
}
