using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Queues;
using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Tests.Simulation;

/// <summary>A worker's question for a job, answered as <see cref="Claims"/> does it; other things happen between its steps.</summary>
/// <param name="answer">Called with the job, or with none; not at all where there is no answer.</param>
internal sealed class SimulatedClaim(SimulatedBroker broker, World world, string worker, WorkerClass kind, string claimId, Action<Job?> answer)
{
    public async Task StartAsync()
    {
        // Its first sending may have been before this start.
        if (world.Now - broker.Queue.FirstAskedAt <= broker.Options.LeaseMs && await RepeatAsync() is { } earlier) answer(earlier);
        else await LookAsync();
    }

    private async Task LookAsync()
    {
        if (broker.Queue.Ask(kind) is { } job)
        {
            broker.After(world.Dice.Next(world.Fault(0.02) ? 14_000 : 5), $"{worker} claims {Judge.Name(job)}", () => ClaimAsync(job));
        }
        else
        {
            answer(await RepeatAsync());
        }
    }

    private async Task ClaimAsync(Guid id)
    {
        Job? claimed = null;
        var (isOver, isGone) = (false, false);
        try
        {
            var reply = await broker.Calls.ApplyAsync(id, Claiming() with { Queue = broker.Settings.Queue });
            (isGone, isOver) = (reply is null, reply is not null);
            if (reply is not { Refusal: Refusal.None, Before: { } before }) await LookAsync();
            else if (world.Fault(0.03)) Undo(reply.Job, before);
            else claimed = reply.Job;
        }
        catch (ClaimIdInUseException)
        {
            claimed = await RepeatAsync();
        }
        catch (StorageBusyException)
        {
            world.Note("refused: the store is busy");
        }
        finally
        {
            if (!isOver && !broker.IsOver) PlanReturn(id, isGone);
        }
        if (claimed is not null) answer(claimed);
    }

    private void Undo(Job claimed, Job before) => broker.After(world.Dice.Next(5), $"the claim of {Judge.Name(claimed.Id)} could not be delivered", () =>
        broker.Calls.ApplyAsync(claimed.Id, new Undelivered(broker.Calls.Now, claimed.Version, before)));

    private void PlanReturn(Guid id, bool isGone)
    {
        if (world.Fault(0.1)) return; // the queue takes it back by itself
        broker.After(world.Dice.Next(5), $"{Judge.Name(id)} is given back to its queue", () =>
        {
            broker.Queue.Return(id, isGone);
            return Task.CompletedTask;
        });
    }

    private async Task<Job?> RepeatAsync() => await broker.Store.FindClaimAsync(claimId, worker) is [var id, ..]
        && await broker.Calls.ApplyAsync(id, Claiming()) is { Refusal: Refusal.None } reply ? reply.Job : null;

    private Claimed Claiming() => new(broker.Calls.Now, broker.Calls.Now + broker.Options.LeaseMs, world.NewToken(), worker, claimId);
}
