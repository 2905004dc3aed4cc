using OpenClaw.Benchmarks.Load;
using OpenClaw.Testing;

namespace OpenClaw.Benchmarks.Figures;

/// <summary>
/// What a full cycle (create, claim, result; each synced) costs the broker in processor time, in two builds that take turns.
/// Processor time is what limits a broker, and a busy machine moves it less than it moves a rate.
/// </summary>
internal static class CpuFigure
{
    public static async Task<int> RunAsync(Arguments arguments)
    {
        var bench = new Bench(arguments);
        var (ours, theirs) = (arguments.Required("broker"), arguments.Required("against"));
        using var temp = new TempFolder();
        foreach (var mode in (LoadMode[])[LoadMode.Cycle, LoadMode.Create])
        {
            var (own, other, ratios) = (new List<double>(), new List<double>(), new List<double>());
            for (var round = 0; round < bench.Rounds; round++)
            {
                own.Add(await MeasureAsync(bench, ours, temp.File($"{mode}-own{round}.db"), mode));
                other.Add(await MeasureAsync(bench, theirs, temp.File($"{mode}-other{round}.db"), mode));
                ratios.Add(own[^1] / other[^1]);
            }
            var ratio = Bench.Median(ratios);
            var what = mode == LoadMode.Cycle ? "broker CPU per cycle" : "broker CPU per create";
            var measured = Figure.Text($"{Bench.Median(own):f0} µs against {Bench.Median(other):f0} µs: {ratio:f2} times");
            Console.WriteLine(new Figure(what, measured, "0.5 times", ratio <= 0.5));
        }
        return Programs.ExitCodes.Ok;
    }

    /// <summary>
    /// Microseconds of user and system time of the broker's process, for each cycle that was answered; without what the runtime
    /// spends on optimizing, which goes on for tens of thousands of cycles and then ends.
    /// </summary>
    private static async Task<double> MeasureAsync(Bench bench, string program, string database, LoadMode mode)
    {
        await using var broker = await BrokerProcess.StartAsync(database, new Dictionary<string, string> { ["LEASE_SECONDS"] = "600" }, program: program);
        bench.WarmUp(broker.Url, mode);
        var before = ProcessorTime.Of(broker.Program.Process);
        var report = bench.LoadWarm(broker.Url, mode);
        return (ProcessorTime.Of(broker.Program.Process) - before).Total.TotalMicroseconds / Math.Max(1, report.Ticks.Length);
    }
}
