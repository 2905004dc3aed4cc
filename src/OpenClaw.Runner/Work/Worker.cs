using OpenClaw.Client;
using OpenClaw.Programs;
using OpenClaw.Runner.Commands;
using OpenClaw.Runner.Handlers;
using OpenClaw.Runner.Outbox;

namespace OpenClaw.Runner.Work;

/// <summary>The runner at work: it claims as many jobs as it has free places for, and each is run and reported in a place of its own.</summary>
internal sealed class Worker
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.25);
    private static readonly TimeSpan ReleaseTimeout = TimeSpan.FromSeconds(3);

    /// <summary>How long the other loops have to give their jobs back when one has failed.</summary>
    private static readonly TimeSpan FailureGrace = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan LongestRest = TimeSpan.FromDays(1);

    private readonly BrokerClient broker;
    private readonly RunnerSettings settings;
    private readonly ServedCommands served;
    private readonly RunnerLog log;
    private readonly TimeProvider clock;
    private readonly BrokerContact contact;
    private readonly Loops loops = new();
    private readonly Delivery delivery;
    private readonly JobRun run;
    private readonly Orders orders;
    private readonly Unknown unknown = new();
    private readonly SignedJobs signed;

    public Worker(
        BrokerClient broker, RunnerSettings settings, ServedCommands served, OutboxFolder outbox, RunnerLog log, TimeProvider clock)
    {
        (this.broker, this.settings, this.served, this.log, this.clock) = (broker, settings, served, log, clock);
        signed = new SignedJobs(settings.JobKeys, settings.StateFolder, clock);
        contact = new BrokerContact(log, settings.PollInterval);
        delivery = new Delivery(broker, outbox, NewBackoff(), contact, log, clock);
        orders = new Orders(broker, served, NewBackoff(), log, clock);
        run = new JobRun(broker, orders, loops, settings.ResultTimeout, log, clock);
    }

    /// <summary>Works until stopped.</summary>
    /// <param name="stop">Claim no more; running jobs go on.</param>
    /// <param name="giveUp">Running jobs are given back.</param>
    /// <exception cref="LoopException">A part of the runner has failed, and the log says so; jobs that ran were given back.</exception>
    public async Task RunAsync(CancellationToken stop, CancellationToken giveUp)
    {
        using var failure = new CancellationTokenSource();
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stop, failure.Token);
        using var givingUp = CancellationTokenSource.CreateLinkedTokenSource(giveUp, failure.Token);
        var work = Task.WhenAll(
            loops.RunAsync("claims", () => ClaimAsync(stopping.Token, givingUp.Token)),
            loops.RunAsync("delivery", () => delivery.RunAsync(stopping.Token)));
        var all = Task.WhenAll(work, HearOrdersAsync(work, givingUp.Token));

        await Task.WhenAny(all, loops.Failed);
        if (!loops.Failed.IsFaulted) return;
        var failed = (LoopException)loops.Failed.Exception.InnerException!;
        if (failed.Cause is OutboxException disk) log.DiskFailed(failed.Loop, disk);
        else log.LoopFailed(failed.Loop, failed.Cause);
        await failure.CancelAsync();
        await all.WaitAsync(FailureGrace, clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await loops.Failed;
    }

    /// <summary>As long as anything may run.</summary>
    private async Task HearOrdersAsync(Task work, CancellationToken giveUp)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(giveUp);
        var hearing = loops.RunAsync("orders", () => orders.RunAsync(end.Token));
        await work;
        await end.CancelAsync();
        await hearing;
    }

    private async Task ClaimAsync(CancellationToken stop, CancellationToken giveUp)
    {
        var claimer = new Claimer(broker, served, NewBackoff(), contact, log, clock);
        using var places = new Places(settings.Concurrency);
        while (await claimer.NextAsync(await places.WaitForFreeAsync(), stop) is { } jobs)
        {
            foreach (var job in jobs) places.Run(() => loops.RunAsync("work place", () => WorkAsync(job, claimer, stop, giveUp)));
        }
        await places.WaitForAllAsync();
    }

    private async Task WorkAsync(ClaimedJob job, Claimer claimer, CancellationToken stop, CancellationToken giveUp)
    {
        var rest = await DoAsync(job, giveUp);
        if (rest > TimeSpan.Zero) await claimer.PauseAsync(rest < LongestRest ? rest : LongestRest, stop);
    }

    /// <summary>Does one job from its claim to its end, and says how long to rest before the next.</summary>
    private async Task<TimeSpan> DoAsync(ClaimedJob job, CancellationToken giveUp)
    {
        log.Claimed(job.Id, job.Command, job.Attempt);
        if (signed.Refuse(job) is { } why)
        {
            log.NotSigned(job.Id);
            await delivery.DeliverAsync(new StoredOutcome(job.Id, job.Attempt, job.LeaseToken, OutcomeKind.Fail, why), giveUp);
            return TimeSpan.Zero;
        }
        var handler = served.Find(job.Command);
        if (handler is null && served.WasDropped(job.Command))
        {
            await ReleaseAsync(job);
            return TimeSpan.Zero;
        }
        var (outcome, stopped) = await run.RunAsync(job, handler ?? unknown, ended => delivery.Keep(Stored(job, ended)), giveUp);
        if (outcome is Succeeded or Failed) signed.End(job);
        switch (outcome)
        {
            case Succeeded or Failed:
                await delivery.DeliverAsync(Stored(job, outcome)!, giveUp);
                return TimeSpan.Zero;
            case Snoozed snoozed:
                await ReleaseAsync(job);
                return snoozed.Rest;
            case Held held:
                await HoldAsync(job, held.Reason, giveUp);
                return TimeSpan.Zero;
            default:
                if (stopped == StopReason.ShuttingDown) await ReleaseAsync(job);
                return TimeSpan.Zero;
        }
    }

    /// <summary>What the broker is to be told; null where that is no end.</summary>
    private static StoredOutcome? Stored(ClaimedJob job, Outcome? outcome) => outcome switch
    {
        Succeeded done => new StoredOutcome(job.Id, job.Attempt, job.LeaseToken, OutcomeKind.Result, done.Result),
        Failed failed => new StoredOutcome(job.Id, job.Attempt, job.LeaseToken, OutcomeKind.Fail, failed.Error)
        {
            Retryable = failed.IsRetryable ? null : false,
        },
        _ => null,
    };

    private Task ReleaseAsync(ClaimedJob job) => GiveBackAsync(job, log.Released, stop => broker.ReleaseAsync(job.Id, job.LeaseToken, stop));

    private async Task HoldAsync(ClaimedJob job, string reason, CancellationToken giveUp)
    {
        if (job.LeaseToken is { } token)
        {
            await GiveBackAsync(job, log.HeldForApproval, stop => broker.HoldForApprovalAsync(job.Id, token, reason, stop));
            return;
        }
        const string NobodyToAsk = "this command needs a person's yes, and this broker asks nobody for one";
        await delivery.DeliverAsync(new StoredOutcome(job.Id, job.Attempt, job.LeaseToken, OutcomeKind.Fail, NobodyToAsk), giveUp);
    }

    private async Task GiveBackAsync(ClaimedJob job, Action<string> say, Func<CancellationToken, Task> giveBack)
    {
        using var deadline = new CancellationTokenSource(ReleaseTimeout, clock);
        try
        {
            await giveBack(deadline.Token);
            say(job.Id);
        }
        catch (Exception e) when (BrokerContact.IsFailedCall(e))
        {
            log.ReleaseFailed(job.Id, BrokerContact.Describe(e));
        }
    }

    private Backoff NewBackoff() => new(FirstPause, settings.PollInterval, Random.Shared.NextDouble);
}
