using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;
using OpenClaw.Runner.Handlers;

namespace OpenClaw.Runner;

/// <summary>The work loop: as many places as jobs may run at once, each claiming, running and delivering one job after another.</summary>
internal sealed class Worker
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.25);
    private static readonly TimeSpan ReleaseTimeout = TimeSpan.FromSeconds(3);

    private readonly BrokerClient broker;
    private readonly RunnerSettings settings;
    private readonly IReadOnlyDictionary<string, IHandler> handlers;
    private readonly Log log;
    private readonly TimeProvider clock;
    private readonly Reach reach;
    private readonly Delivery delivery;
    private readonly JobRun run;
    private readonly Unknown unknown = new();

    public Worker(BrokerClient broker, RunnerSettings settings, IReadOnlyDictionary<string, IHandler> handlers, Log log, TimeProvider clock)
    {
        (this.broker, this.settings, this.handlers, this.log, this.clock) = (broker, settings, handlers, log, clock);
        reach = new Reach(log, settings.PollInterval);
        delivery = new Delivery(broker, new Outbox(settings.StateFolder, log, clock), NewBackoff(), reach, log, clock);
        run = new JobRun(new Heart(broker, log, clock), settings.ResultTimeout, log, clock);
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
        var claims = new Claims(broker, NewBackoff(), reach, log, clock);
        while (await claims.NextAsync(stop).ConfigureAwait(false) is { } job)
        {
            var rest = await DoAsync(job, giveUp).ConfigureAwait(false);
            if (rest > TimeSpan.Zero) await claims.PauseAsync(rest, stop).ConfigureAwait(false);
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
        var (outcome, ending) = await run.RunAsync(job, handlers.GetValueOrDefault(job.Command, unknown), giveUp).ConfigureAwait(false);
        switch (outcome)
        {
            case Succeeded done:
                await delivery.FinishAsync(new Outgoing(job.Id, job.Attempt, job.LeaseToken, OutgoingKind.Result, done.Result), giveUp).ConfigureAwait(false);
                return TimeSpan.Zero;
            case Failed failed:
                await delivery.FinishAsync(new Outgoing(job.Id, job.Attempt, job.LeaseToken, OutgoingKind.Fail, failed.Error), giveUp).ConfigureAwait(false);
                return TimeSpan.Zero;
            case Snoozed snoozed:
                await ReleaseAsync(job).ConfigureAwait(false);
                return snoozed.Rest;
            default:
                if (ending == Ending.ShuttingDown) await ReleaseAsync(job).ConfigureAwait(false);
                return TimeSpan.Zero;
        }
    }

    private async Task ReleaseAsync(JobView job)
    {
        using var deadline = new CancellationTokenSource(ReleaseTimeout, clock);
        try
        {
            await broker.ReleaseAsync(job.Id, job.LeaseToken, deadline.Token).ConfigureAwait(false);
            log.Released(job.Id);
        }
        catch (Exception e) when (Reach.IsAway(e))
        {
            log.ReleaseFailed(job.Id, Reach.Describe(e));
        }
    }

    private Backoff NewBackoff() => new(FirstPause, settings.PollInterval, Random.Shared.NextDouble);
}
