using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using OpenClaw.Benchmarks.Figures;
using OpenClaw.Benchmarks.Load;
using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Benchmarks.Against;

/// <summary>The same work here and in other systems, taking turns: on a busy machine the median of pairs says more than one long run each.</summary>
internal sealed class PeerRun
{
    private readonly Bench bench;
    private readonly List<Turn> ours = [];
    private readonly CancellationTokenSource stopping = new();

    private readonly string program;

    private PeerRun(Arguments arguments)
    {
        bench = new Bench(arguments, rounds: 3, warmup: 5, payloadBytes: 100);
        program = arguments.Text("broker") ?? Repository.Program("OpenClaw.Broker", "openclaw-broker");
    }

    public static async Task<int> RunAsync(Arguments arguments)
    {
        var run = new PeerRun(arguments);
        // Whoever ends this run early must not find its servers still running.
        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            run.stopping.Cancel();
        }

        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            return await run.MeasureAsync(new Peers(run.bench, arguments), arguments.List("only"));
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("Stopped, and all servers with it.");
            Environment.Exit(ExitCodes.Failed); // threads of a load may still wait for their broker
            throw;
        }
    }

    private async Task<int> MeasureAsync(Peers peers, string[]? only)
    {
        var all = peers.All.ToList();
        if (only?.FirstOrDefault(name => all.All(p => p.Name != name)) is { } unknown) throw new UsageException($"there is no peer '{unknown}'.");
        var (results, missing) = (new List<Result>(), new List<string>());
        foreach (var peer in all.Where(p => only is null || only.Contains(p.Name)))
        {
            try
            {
                results.Add(await TakeTurnsAsync(peer));
            }
            catch (Exception e) when (e is PeerMissingException or InvalidOperationException or TimeoutException or IOException or Win32Exception)
            {
                stopping.Token.ThrowIfCancellationRequested(); // a signal to all of us ends what a peer needs, too
                missing.Add($"{peer.Title} is left out: {e.Message}");
                Console.Error.WriteLine(missing[^1]);
            }
        }
        if (results.Count > 0) Print(results);
        foreach (var line in missing) Console.WriteLine($"\n{line.Split('\n')[0]}");
        return results.Count > 0 ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private async Task<Result> TakeTurnsAsync(Peer peer)
    {
        Say($"{peer.Title}: starting");
        await using var running = await peer.StartAsync().WaitAsync(stopping.Token);
        var (theirs, ratios) = (new List<Turn>(), new List<double>());
        for (var round = 0; round < bench.Rounds; round++)
        {
            ours.Add(await LoadOursAsync());
            theirs.Add(await running.LoadAsync($"round{round}").WaitAsync(stopping.Token));
            ratios.Add(ours[^1].Rate / theirs[^1].Rate);
            Say(Figure.Text($"{peer.Title}: ours {ours[^1].Rate:f0}/s, theirs {theirs[^1].Rate:f0}/s"));
        }
        return new Result(peer, running.Version, theirs, ratios);
    }

    private async Task<Turn> LoadOursAsync()
    {
        using var temp = new TempFolder();
        await using var broker = await bench.StartBrokerAsync(temp.File("ours.db"));
        return await bench.TurnAsync(broker.Url).WaitAsync(stopping.Token);
    }

    private void Print(List<Result> results)
    {
        Console.WriteLine($"{bench.Connections} at a time, payload {bench.PayloadBytes} bytes; turns: {bench.Rounds}, each {bench.Seconds} s after "
            + $"{bench.Warmup} s of warm-up; medians. {Environment.ProcessorCount} cores, {RuntimeInformation.OSDescription}.\n");
        Console.WriteLine("| system | version | rate /s | p50 ms | p99 ms | client CPU µs per cycle | ours is | kept how | promises less |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        var version = FileVersionInfo.GetVersionInfo(program).ProductVersion is { } full ? full[..Math.Min(full.Length, full.IndexOf('+') + 8)] : "";
        Console.WriteLine($"| OpenClaw Broker, over HTTP | {version}, .NET {Environment.Version} | {Row(ours)} | | "
            + "SQLite, WAL, synchronous=full: each answer after its sync | |");
        foreach (var (peer, peerVersion, turns, ratios) in results)
        {
            var ratio = Figure.Text($"{Median(ratios):f1} times ({ratios.Min():f1} to {ratios.Max():f1})");
            Console.WriteLine($"| {peer.Title} | {peerVersion} | {Row(turns)} | {ratio} | {peer.Kept} | {peer.PromisesLess} |");
        }
        double[] rates = [Rate(ours), .. results.Select(static r => Rate(r.Turns))];
        bench.Draw("peers", new Chart("Jobs created, claimed and finished", $"a second, {bench.Connections} at a time, median",
            ["OpenClaw Broker", .. results.Select(static r => r.Peer.Title)], [new ChartLine("", rates)]));
    }

    private static string Row(IReadOnlyList<Turn> turns)
    {
        var share = Median(turns.Select(static t => t.ClientShare));
        var cpu = Figure.Text($"{Median(turns.Select(static t => t.ClientMicroseconds)):n0} ({share:p0} of a core{(share >= 0.9 ? ", its limit" : "")})");
        return Figure.Text($"{Rate(turns):n0} | {Median(turns.Select(static t => t.P50)):f1} | {Median(turns.Select(static t => t.P99)):f1} | {cpu}");
    }

    private static double Rate(IEnumerable<Turn> turns) => Median(turns.Select(static t => t.Rate));

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }

    private static void Say(string line) => Console.Error.WriteLine(line);

    private sealed record Result(Peer Peer, string Version, IReadOnlyList<Turn> Turns, IReadOnlyList<double> Ratios);
}

/// <summary>A turn of a broker of the contract, over HTTP.</summary>
internal static class HttpTurns
{
    public static Task<Turn> TurnAsync(this Bench bench, Uri url) => Task.Run(() => Turn.Of(bench.Load(url, LoadMode.Cycle)));
}
