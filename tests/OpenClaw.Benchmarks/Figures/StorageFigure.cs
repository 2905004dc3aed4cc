using OpenClaw.Benchmarks.Load;
using OpenClaw.Testing;

namespace OpenClaw.Benchmarks.Figures;

/// <summary>Creates with storage against creates in the same silo that stores nowhere, taking turns; the median of the pairs.</summary>
internal static class StorageFigure
{
    public static async Task<int> RunAsync(Arguments arguments)
    {
        var bench = new Bench(arguments);
        using var temp = new TempFolder();
        var ratios = new List<double>();
        for (var round = 0; round < bench.Rounds; round++)
        {
            var with = await CreatesAsync(bench, temp.File($"with{round}.db"));
            var without = await CreatesAsync(bench, temp.File($"without{round}.db"), typeof(StorageFigure).Assembly.Location);
            ratios.Add(with / without);
        }
        var ratio = ratios.Order().ElementAt(ratios.Count / 2);
        Console.WriteLine(new Figure("creates with storage against none", $"{ratio:p0}", "85 %", ratio >= 0.85));
        return Programs.ExitCodes.Ok;
    }

    private static async Task<double> CreatesAsync(Bench bench, string database, string? storeless = null)
    {
        await using var broker = storeless is null
            ? await bench.StartBrokerAsync(database)
            : await BrokerProcess.StartAsync(database, new Dictionary<string, string> { [StorelessBroker.Switch] = "1" }, program: storeless);
        return bench.Load(broker.Url, LoadMode.Create).Rate;
    }
}
