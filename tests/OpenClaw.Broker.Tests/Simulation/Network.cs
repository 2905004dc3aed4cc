using OpenClaw.Broker.Http;
using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Tests.Simulation;

/// <summary>The way to the broker and back: late, lost, or twice.</summary>
internal sealed class Network(World world)
{
    /// <summary>The broker that runs; null between a crash and the next start.</summary>
    public SimulatedBroker? Broker { get; set; }

    /// <summary>Sends a request whose answer comes back in its own time.</summary>
    public void Send(string what, Func<SimulatedBroker, Task> arrive)
    {
        if (world.Fault(0.04)) world.Note($"{what}: lost on its way");
        else world.After(Delay(), what, () => ArriveAsync(arrive));
        if (world.Fault(0.05)) world.After(Delay(), $"{what}, a second time", () => ArriveAsync(arrive));
    }

    /// <summary>Sends a request, and hands its answer on.</summary>
    /// <param name="answered">Called where an answer comes; with the default where it is an error.</param>
    public void Call<T>(string what, Func<SimulatedBroker, Task<T>> serve, Action<T?> answered) => Send(what, async broker =>
    {
        T? answer = default;
        try
        {
            answer = await serve(broker);
        }
        catch (ProblemException e)
        {
            world.Note($"refused: {e.Code}");
        }
        Answer(what, () => answered(answer));
    });

    /// <summary>Sends an answer back.</summary>
    public void Answer(string what, Action arrive)
    {
        if (world.Fault(0.04)) world.Note("the answer is lost");
        else world.After(Delay(), $"answer: {what}", () =>
        {
            arrive();
            return Task.CompletedTask;
        });
    }

    private async Task ArriveAsync(Func<SimulatedBroker, Task> arrive)
    {
        if (Broker is not { } broker) return;
        try
        {
            await arrive(broker);
        }
        catch (BrokerGoneException)
        {
        }
        catch (StorageBusyException)
        {
            world.Note("refused: the store is busy");
        }
    }

    private int Delay() => world.Dice.Next(1, world.Fault(0.02) ? 40_000 : world.Fault(0.1) ? 3000 : 20);
}
