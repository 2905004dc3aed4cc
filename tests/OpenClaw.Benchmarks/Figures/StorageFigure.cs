using Microsoft.Data.Sqlite;
using OpenClaw.Benchmarks.Load;
using OpenClaw.Contracts;
using OpenClaw.Testing;

namespace OpenClaw.Benchmarks.Figures;

/// <summary>Creates with storage against creates in the same silo that stores nowhere, by a switch in the broker.</summary>
internal static class StorageFigure
{
    private const string Switch = "OPENCLAW_BENCH_NO_STORAGE";

    public static async Task<int> RunAsync(Arguments arguments)
    {
        var bench = new Bench(arguments);
        using var temp = new TempFolder();
        LoadReport with, without;
        await using (var broker = await bench.StartBrokerAsync(temp.File("with.db"))) with = bench.Load(broker.Url, LoadMode.Create);
        await using (var broker = await bench.StartBrokerAsync(temp.File("without.db"), new Dictionary<string, string> { [Switch] = "1" })) without = bench.Load(broker.Url, LoadMode.Create);
        if (HasJobs(temp.File("without.db")))
        {
            Console.Error.WriteLine($"this broker stored jobs in spite of {Switch}=1: it was built without that switch.");
            return ExitCodes.Unavailable;
        }
        var ratio = with.Rate / without.Rate;
        Console.WriteLine(new Figure("creates with storage against none", Figure.Text($"{with.Rate:f0}/s against {without.Rate:f0}/s: {ratio:p0}"), "85 %", ratio >= 0.85));
        return ExitCodes.Ok;
    }

    private static bool HasJobs(string database)
    {
        using var connection = new SqliteConnection($"Data Source={database};Pooling=False");
        connection.Open();
        using var count = connection.CreateCommand();
        count.CommandText = "select count(*) from job";
        return (long)count.ExecuteScalar()! > 0;
    }
}
