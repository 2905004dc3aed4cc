using System.Globalization;
using Xunit.Abstractions;

namespace OpenClaw.Broker.Tests.Simulation;

/// <summary>
/// The broker's own code for the life of a job over a real file, with the time, the network, the workers and the crashes of a seed.
/// <c>OPENCLAW_SIMULATION_SEEDS</c> says how many seeds (100), <c>OPENCLAW_SIMULATION_SEED</c> runs one alone and prints its history.
/// </summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    /// <summary>After so many seeds a new file is made: queues are bounded, and so is what is counted at the end of each.</summary>
    private const int SeedsPerFile = 100;

    private const int LastLines = 30;

    [Fact]
    public async Task NoSeedBreaksAPromise()
    {
        if (Number("OPENCLAW_SIMULATION_SEED") is { } alone)
        {
            using var store = new SimulatedStore();
            await RunAsync(alone, store, isTold: true);
            return;
        }
        var (seeds, steps) = (Number("OPENCLAW_SIMULATION_SEEDS") ?? 100, 0L);
        for (var first = 0; first < seeds; first += SeedsPerFile)
        {
            using var store = new SimulatedStore();
            for (var seed = first; seed < Math.Min(first + SeedsPerFile, seeds); seed++) steps += await RunAsync(seed, store, isTold: false);
        }
        output.WriteLine($"{seeds} seeds, {steps} steps");
    }

    [Fact]
    public async Task SeedAlwaysGivesTheSameHistory()
    {
        const int Seed = 5;
        using var used = new SimulatedStore();
        for (var seed = 0; seed < Seed; seed++) await RunAsync(seed, used, isTold: false);
        using var unused = new SimulatedStore();
        var (one, other) = (new Simulation(Seed, used), new Simulation(Seed, unused));
        await one.RunAsync();
        await other.RunAsync();
        Assert.Equal(one.World.History, other.World.History);
    }

    private async Task<int> RunAsync(int seed, SimulatedStore store, bool isTold)
    {
        var simulation = new Simulation(seed, store);
        var world = simulation.World;
        try
        {
            await simulation.RunAsync();
        }
        catch (Exception e)
        {
            var expected = e is BrokenPromiseException ? e.Message : $"nothing is thrown: {e}";
            Assert.Fail($"Seed {seed}, step {world.Steps}: expected that {expected}\n{string.Join('\n', world.History.TakeLast(LastLines))}\n"
                + $"Again: OPENCLAW_SIMULATION_SEED={seed} dotnet test tests/OpenClaw.Broker.Tests --filter FullyQualifiedName~SimulationTests "
                + "--logger \"console;verbosity=detailed\"");
        }
        finally
        {
            if (isTold) output.WriteLine(string.Join('\n', world.History));
        }
        return world.Steps;
    }

    private static int? Number(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
