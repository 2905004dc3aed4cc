using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Queues;

namespace OpenClaw.Broker.Tests.Simulation;

/// <summary>Does to jobs and to the queue what people do.</summary>
internal sealed class SimulatedPerson(World world, Network network, Judge judge)
{
    private const string Actor = "person";

    public void Act()
    {
        if (world.Chance(0.15)) Limit();
        else if (judge.Known.Count > 0) Change(world.Any(judge.Known));
    }

    /// <summary>Takes away all that only a person can take away.</summary>
    public void LiftAll()
    {
        foreach (var job in judge.HeldByPerson) Tell(job, "unhold", static b => new HoldLifted(b.Calls.Now, Actor));
    }

    private void Change(Guid job)
    {
        var number = world.Dice.Next(30_000);
        switch (world.Dice.Next(10))
        {
            case 0 or 1:
                Tell(job, "cancel", static b => new CancelRequested(b.Calls.Now, "no longer wanted", Actor));
                break;
            case 2 or 3:
                Tell(job, "hold", static b => new HoldPlaced(b.Calls.Now, Actor, null));
                break;
            case 4:
                Tell(job, "unhold", static b => new HoldLifted(b.Calls.Now, Actor));
                break;
            case 5:
                Tell(job, "snooze", b => new Snoozed(b.Calls.Now, Actor, number));
                break;
            case 6:
                var edit = new JobEdit
                {
                    Priority = 1 + number % 5, MaxAttempts = number % 2 == 0 ? 4 : null, ExpiresInMs = number % 3 == 0 ? number : null,
                    Payload = number % 4 == 0 ? "another payload"u8.ToArray() : null,
                };
                network.Call($"edit of {Judge.Name(job)}", b => b.Calls.EditAsync(job, new Edited(b.Calls.Now, Actor, edit)), static _ => { });
                break;
            default:
                Retry(job, asChild: number % 2 == 0);
                break;
        }
    }

    /// <summary>A new round: of a child by itself, or to wait again for the parents that are not done.</summary>
    private void Retry(Guid id, bool asChild) => network.Call($"retry of {Judge.Name(id)}{(asChild ? " as a child" : "")}", async b =>
    {
        var again = new List<Guid>();
        if (asChild && await b.Store.FindAsync(id) is { } job)
        {
            foreach (var parent in job.DependsOn) if (await b.Store.FindAsync(parent.Id) is { State: not JobState.Done }) again.Add(parent.Id);
        }
        return await b.Calls.ApplyAsync(id, new Retried(b.Calls.Now, Actor) { Parents = again });
    }, static _ => { });

    private void Limit()
    {
        QueueLimit[] all =
        [
            new(LimitBy.Queue, null, world.Dice.Next(1, 4), null, 0), new(LimitBy.Command, null, world.Dice.Next(1, 3), null, 0),
            new(LimitBy.Requester, null, 1, null, 0), new(LimitBy.Requester, "anna", 2, world.Dice.Next(1, 4), 10_000),
            new(LimitBy.Queue, null, null, world.Dice.Next(1, 6), 15_000),
        ];
        var limit = world.Chance(0.2) ? [] : new[] { world.Any(all) };
        network.Call($"limit {(limit.Length == 0 ? "nothing" : limit[0])}", async b =>
        {
            judge.Limited();
            await b.Queue.LimitAsync(limit);
            return true;
        }, static _ => { });
    }

    private void Tell(Guid job, string what, Func<SimulatedBroker, JobEvent> make) =>
        network.Call($"{what} of {Judge.Name(job)}", b => b.Calls.ApplyAsync(job, make(b)), static _ => { });
}
