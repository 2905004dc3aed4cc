using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;
using OpenClaw.Runner.Handlers;
using OpenClaw.Runner.Outbox;

namespace OpenClaw.Runner.Work;

/// <summary>The work loop: as many places as jobs may run at once, each claiming, running and delivering one job after another.</summary>
internal sealed class Worker
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.25);
    private static readonly TimeSpan ReleaseTimeout = TimeSpan.FromSeconds(3);

    private readonly BrokerClient broker;
    private readonly RunnerSettings settings;
    private readonly IReadOnlyDictionary<string, IHandler> handlers;
    private readonly RunnerLog log;
    private readonly TimeProvider clock;
    private readonly BrokerContact contact;
    private readonly Delivery delivery;
    private readonly JobRun run;
    private readonly Unknown unknown = new();

    public Worker(BrokerClient broker, RunnerSettings settings, IReadOnlyDictionary<string, IHandler> handlers, RunnerLog log, TimeProvider clock)
    {
        (this.broker, this.settings, this.handlers, this.log, this.clock) = (broker, settings, handlers, log, clock);
        contact = new BrokerContact(log, settings.PollInterval);
        delivery = new Delivery(broker, new OutboxFolder(settings.StateFolder, log, clock), NewBackoff(), contact, log, clock);
        run = new JobRun(new Heartbeats(broker, log, clock), settings.ResultTimeout, log, clock);
    }

    /// <summary>Works until stopped.</summary>
    /// <param name="stop">Claim no more; running jobs go on.</param>
    /// <param name="giveUp">Running jobs are given back.</param>
    public Task RunAsync(CancellationToken stop, CancellationToken giveUp)
    {
        var places = Enumerable.Range(0, settings.Concurrency).Select(_ => WorkAsync(stop, giveUp));
        return Task.WhenAll(places.Append(delivery.RunAsync(stop)));
    }

    private async Task WorkAsync(CancellationToken stop, CancellationToken giveUp)
    {
        var claimer = new Claimer(broker, NewBackoff(), contact, log, clock);
        while (await claimer.NextAsync(stop) is { } job)
        {
            var rest = await DoAsync(job, giveUp);
            if (rest > TimeSpan.Zero) await claimer.PauseAsync(rest, stop);
        }
    }

    /// <summary>Does one job from its claim to its end, and says how long to rest before the next.</summary>
    private async Task<TimeSpan> DoAsync(JobView job, CancellationToken giveUp)
    {
        if (!JobIds.IsValid(job.Id))
        {
            log.StrangeJob();
            return settings.PollInterval;
        }
        log.Claimed(job.Id, job.Command, job.Attempt);
        var (outcome, ending) = await run.RunAsync(job, handlers.GetValueOrDefault(job.Command, unknown), giveUp);
        switch (outcome)
        {
            case Succeeded done:
                await delivery.FinishAsync(new StoredOutcome(job.Id, job.Attempt, job.LeaseToken, OutcomeKind.Result, done.Result), giveUp);
                return TimeSpan.Zero;
            case Failed failed:
                await delivery.FinishAsync(new StoredOutcome(job.Id, job.Attempt, job.LeaseToken, OutcomeKind.Fail, failed.Error), giveUp);
                return TimeSpan.Zero;
            case Snoozed snoozed:
                await ReleaseAsync(job);
                return snoozed.Rest;
            default:
                if (ending == StopReason.ShuttingDown) await ReleaseAsync(job);
                return TimeSpan.Zero;
        }
    }

    private async Task ReleaseAsync(JobView job)
    {
        using var deadline = new CancellationTokenSource(ReleaseTimeout, clock);
        try
        {
            await broker.ReleaseAsync(job.Id, job.LeaseToken, deadline.Token);
            log.Released(job.Id);
        }
        catch (Exception e) when (BrokerContact.IsAway(e))
        {
            log.ReleaseFailed(job.Id, BrokerContact.Describe(e));
        }
    }

    private Backoff NewBackoff() => new(FirstPause, settings.PollInterval, Random.Shared.NextDouble);
}
