using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Queues;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Tests.Simulation;

/// <summary>
/// One seed: a while in which everything goes wrong that may, then calm, in which every job must come to its end. Nothing happens but by
/// the agenda, one after the other.
/// </summary>
internal sealed class Simulation
{
    private const long LongestCalmMs = 24 * 3_600_000;
    private const int HourMs = 3_600_000;

    private readonly World world;
    private readonly SimulatedStore store;
    private readonly Settings settings;
    private readonly Judge judge;
    private readonly Network network;
    private readonly SimulatedProducer producer;
    private readonly SimulatedPerson person;
    private readonly long stormMs;
    private long calmAt;

    public Simulation(int seed, SimulatedStore store)
    {
        (world, this.store) = (new World(seed), store);
        settings = new Settings($"seed {seed}", world.Dice.Next(1, 16), world.Any([2, 4, 1000]));
        world.KeepsNews = world.Chance(0.4);
        judge = new Judge(world, store, settings);
        network = new Network(world);
        producer = new SimulatedProducer(world, network, judge, settings.Queue, Kinds.Of(world));
        person = new SimulatedPerson(world, network, judge);
        stormMs = world.Dice.Next(15_000, 45_000);
    }

    public World World => world;

    /// <exception cref="BrokenPromiseException">The broker does not keep a promise.</exception>
    public async Task RunAsync()
    {
        await StartAsync(default);
        PlanCreates();
        PlanPerson();
        PlanMishap();
        var workers = new[]
        {
            WorkerOf("anna", CommandSet.All), WorkerOf("bert", CommandSet.All), WorkerOf("cleo", CommandSet.AllBut(["make"])),
            WorkerOf("dora", CommandSet.Only(["make", "ping"])),
        };
        foreach (var worker in workers[..world.Dice.Next(2, 5)]) worker.Poll();
        world.After(stormMs, "from here on all is well", CalmAsync);
        while (calmAt == 0 || judge.Unfinished > 0)
        {
            BrokenPromiseException.Unless(calmAt == 0 || world.Now < calmAt + LongestCalmMs, $"all jobs have come to their ends; {judge.Unfinished} have not");
            await StepAsync();
        }
        await judge.EndAsync();
    }

    private async Task StepAsync()
    {
        if (network.Broker is { NextAt: { } at } broker && !(world.NextAt < at))
        {
            world.Machine.Now = at;
            broker.Wake();
            return;
        }
        world.Machine.Now = Math.Max(world.Now, world.NextAt!.Value);
        await world.StepAsync();
        judge.Look();
        if (network.Broker is not null) judge.CheckLeases();
    }

    private SimulatedWorker WorkerOf(string name, CommandSet commands) =>
        new(name, new WorkerClass(name == "bert" ? Caps.Any : Caps.Of(["gpu"]), commands), world, network);

    private async Task StartAsync(SteadyTime reached)
    {
        network.Broker = await SimulatedBroker.StartAsync(world, store, judge, settings, reached, Restart);
        judge.Started(network.Broker);
    }

    /// <summary>After a crash the steady clock goes on where the file knows that it was.</summary>
    private void Restart(SimulatedBroker crashed)
    {
        network.Broker = null;
        judge.Crashed();
        var reached = Math.Max(0, crashed.Clock.SteadyNow.Milliseconds - world.Dice.Next(5000));
        world.After(world.Dice.Next(1, 15_000), "the broker starts", () => StartAsync(new SteadyTime(reached)));
    }

    private void PlanCreates()
    {
        var left = world.Dice.Next(3, 14);
        Plan();

        void Plan() => world.After(world.Chance(0.4) ? 0 : world.Dice.Next(3000), null, () =>
        {
            producer.Create();
            if (--left > 0 && !world.IsCalm) Plan();
            return Task.CompletedTask;
        });
    }

    private void PlanPerson() => world.After(world.Dice.Next(5000), null, () =>
    {
        if (world.IsCalm) return Task.CompletedTask;
        person.Act();
        PlanPerson();
        return Task.CompletedTask;
    });

    private void PlanMishap() => world.After(world.Dice.Next(30_000), null, () =>
    {
        if (world.IsCalm) return Task.CompletedTask;
        if (world.Chance(0.5)) network.Broker?.Crash("just so");
        else SetWall(world.Dice.Next(-3 * HourMs, 3 * HourMs));
        PlanMishap();
        return Task.CompletedTask;
    });

    private void SetWall(long shift)
    {
        world.Note($"the wall clock is set to {shift} ms beside the steady one");
        world.Machine.Shift = shift;
        judge.Jumped();
    }

    private Task CalmAsync()
    {
        (world.IsCalm, calmAt) = (true, world.Now);
        if (world.Chance(0.5)) SetWall(0);
        PlanLifting();
        return Task.CompletedTask;
    }

    private void PlanLifting() => world.After(30_000, null, () =>
    {
        person.LiftAll();
        PlanLifting();
        return Task.CompletedTask;
    });
}
