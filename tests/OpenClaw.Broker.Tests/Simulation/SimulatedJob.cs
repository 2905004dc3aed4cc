using Microsoft.Extensions.Logging.Abstractions;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Tests.Simulation;

/// <summary>A job in the memory of a simulated broker. What happens to it is judged at once.</summary>
internal sealed class SimulatedJob(Guid id, SimulatedBroker broker, World world, Judge judge) : IJobGrain
{
    private JobKeeper? keeper;

    public async Task<JobReply?> ApplyAsync(JobEvent e)
    {
        if (broker.IsOver) throw new BrokerGoneException();
        if (world.Fault(0.005)) throw new StorageBusyException("the simulation refuses a write");
        if (world.Fault(0.1)) keeper = null; // it has left memory
        if (keeper is null)
        {
            keeper = new JobKeeper(id, broker.Store, broker.Fresh, broker.Clock, NullLogger.Instance);
            await keeper.LoadAsync();
        }
        JobReply? reply = null;
        try
        {
            reply = await keeper.ApplyAsync(e);
        }
        finally
        {
            if (keeper.IsOver) keeper = null;
            judge.Look(id, e, reply);
        }
        if (world.Fault(0.003)) broker.Crash("after a commit"); // nobody hears of it
        return broker.IsOver ? throw new BrokerGoneException() : reply;
    }
}

/// <summary>The broker has crashed meanwhile.</summary>
internal sealed class BrokerGoneException() : Exception("the broker is gone");
