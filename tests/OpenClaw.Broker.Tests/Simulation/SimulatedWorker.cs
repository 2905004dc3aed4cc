using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Queues;

namespace OpenClaw.Broker.Tests.Simulation;

/// <summary>Claims, keeps its lease up and tells what came of the job; or falls silent, comes back with what is no longer its own, or dies.</summary>
internal sealed class SimulatedWorker(string name, WorkerClass kind, World world, Network network)
{
    private const int LeaseMs = SimulatedBroker.LeaseSeconds * 1000;
    private const int MostTries = 5;

    private string claimId = "";
    private bool isAnswered;
    private int idle;

    // What it was doing before it died is none of its present life's.
    private int life;

    public void Poll()
    {
        (claimId, isAnswered) = (world.NewToken()[..8], false);
        Ask(claimId, 1);
    }

    private void Ask(string id, int tries)
    {
        var what = $"{name} asks for a job, claim {id}";
        network.Send(what, broker => new SimulatedClaim(broker, world, name, kind, id,
            job => network.Answer($"{what}: {(job is null ? "none" : Judge.Name(job.Id))}", () => Take(id, job))).StartAsync());
        Later(3000, null, () =>
        {
            if (isAnswered || id != claimId) return;
            world.Begin($"{name} waits no longer for an answer");
            if (tries < MostTries) Ask(id, tries + 1);
            else Poll();
        });
    }

    private void Take(string id, Job? job)
    {
        if (isAnswered || id != claimId) return;
        isAnswered = true;
        if (job is null)
        {
            idle++;
            Later(world.IsCalm ? Math.Min(300_000, 1000 << Math.Min(idle, 10)) : world.Dice.Next(1000, 8000), $"{name} is idle", Poll);
            return;
        }
        idle = 0;
        Work(job);
    }

    private void Work(Job job)
    {
        var worked = world.Dice.Next(world.Chance(0.3) && !world.IsCalm ? 2 * LeaseMs : 2000);
        if (world.Fault(0.08))
        {
            life++;
            world.Note($"{name} dies");
            Later(world.Dice.Next(60_000), $"{name} is there again", Poll);
        }
        else if (world.Fault(0.12))
        {
            Later(world.Dice.Next(3 * LeaseMs), $"{name} was silent", () => End(job));
        }
        else
        {
            Beat(job, world.Now + worked);
        }
    }

    /// <summary>Keeps the lease up until the work is done.</summary>
    private void Beat(Job job, long until)
    {
        if (world.Now + LeaseMs / 3 >= until)
        {
            Later(until - world.Now, $"{name} is done", () => End(job));
            return;
        }
        Later(LeaseMs / 3, null, () =>
        {
            var isLost = false;
            Tell(job, "heartbeat", b => new Heartbeat(b.Calls.Now, job.LeaseToken, name, b.Calls.Now + LeaseMs), reply =>
            {
                if (reply is { Refusal: Refusal.None, Job.CancelRequested: true } && world.Chance(0.5)) until = 0;
                isLost |= reply is { Refusal: Refusal.LeaseLost or Refusal.AlreadyEnded };
            });
            Later(200, null, () =>
            {
                if (isLost) Poll();
                else Beat(job, Math.Max(until, world.Now));
            });
        });
    }

    private void End(Job job)
    {
        var dice = world.Dice.Next(world.IsCalm ? 70 : 100);
        var (retryable, after) = (world.Chance(0.8), world.Chance(0.3) ? world.Dice.Next(30_000) : (long?)null);
        var (chance, delay) = (world.Dice.NextDouble(), world.Chance(0.5) ? 0 : world.Dice.Next(20_000));
        var said = $"{name} did {Judge.Name(job.Id)} in attempt {job.Attempt}";
        Say(job, dice switch
        {
            < 55 => b => new Finished(b.Calls.Now, job.LeaseToken, name, System.Text.Encoding.UTF8.GetBytes($"{said} with {job.LeaseToken}")),
            < 85 => b => new Failed(b.Calls.Now, job.LeaseToken, name, $"{said}, in vain") { IsRetryable = retryable, RetryAfterMs = after, Chance = chance },
            _ => b => new Released(b.Calls.Now, job.LeaseToken, name) { DelayMs = delay },
        }, dice < 55 ? "result" : dice < 85 ? "failure" : "release", 1);
    }

    /// <summary>Tells it until there is an answer, then takes the next job.</summary>
    private void Say(Job job, Func<SimulatedBroker, HolderEvent> make, string what, int tries)
    {
        var isHeard = false;
        Tell(job, what, make, _ =>
        {
            if (!isHeard) Later(0, null, Poll);
            isHeard = true;
        });
        Later(2000, null, () =>
        {
            if (isHeard) return;
            world.Begin($"{name} waits no longer for an answer");
            isHeard = true;
            if (tries < MostTries) Say(job, make, what, tries + 1);
            else Poll();
        });
    }

    private void Tell(Job job, string what, Func<SimulatedBroker, HolderEvent> make, Action<JobReply?> answered) =>
        network.Call<JobReply?>($"{name}'s {what} for {Judge.Name(job.Id)}, attempt {job.Attempt}", b => b.Calls.ApplyAsync(job.Id, make(b)), answered);

    private void Later(long milliseconds, string? what, Action act)
    {
        var mine = life;
        world.After(milliseconds, what, () =>
        {
            if (mine == life) act();
            return Task.CompletedTask;
        });
    }
}
