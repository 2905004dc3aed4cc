using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Bot.Chat;

/// <summary>Follows jobs, each from the wish to its last word.</summary>
internal sealed class JobTracker(
    IChatGateway chat, Brokers brokers, BotState state, ChatSettings settings, JobCreator creator, JobRetrier retrier, OutputStreams streams,
    JobMessages messages, TimeProvider clock, Func<double> chance, ProgramLog log)
{
    /// <summary>Edits notify nobody: a job that took this long also gets a new reply.</summary>
    public static readonly TimeSpan Long = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(30);

    /// <summary>How often a job is looked at whose output is followed.</summary>
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(500);

    /// <param name="key">The job's key in the state.</param>
    /// <param name="recovered">Whether an earlier process began with it.</param>
    public async Task TrackAsync(string key, bool recovered, CancellationToken stop)
    {
        var message = new StatusMessage(chat, state, clock, chance, log, key);
        if (await BegunAsync(state.Job(key)!, recovered, message, stop) is not { } job) return;
        // An interaction already shows that something is under way, and a watched job may have ended: the first word there is what the broker says.
        if (job is { Shown: null, AnswerTo: null, IsWatch: false })
        {
            await message.OfferAsync(messages.Progress(Named(job), null, away: false, late: false, LiveView.Nothing));
        }
        var view = await WatchAsync(job, message, stop);
        var output = view is null ? "" : await streams.ReadAsync(job.UserId, job.JobId!, stop);
        await SettleAsync(job, message, view is null ? Lost(job) : WithButtons(job, view, output), view?.Status ?? JobStatuses.Failed, stop);
    }

    private NamedJob Named(TrackedJob job) => NamedJob.Of(state.Now, job);

    /// <summary>The job with the broker's id, made or done again now where that is wanted; null where the broker doesn't want it, which is then said.</summary>
    private async Task<TrackedJob?> BegunAsync(TrackedJob job, bool recovered, StatusMessage message, CancellationToken stop)
    {
        if (job is { JobId: not null, RetriedRound: null }) return job;
        return job.JobId is null ? await MadeAsync(job, recovered, message, stop) : await RetriedAsync(job, recovered, message, stop);
    }

    private async Task<TrackedJob?> RetriedAsync(TrackedJob job, bool recovered, StatusMessage message, CancellationToken stop)
    {
        if ((job.Refusal ?? await retrier.RetryAsync(job, recovered, message, stop)) is not { } refusal)
        {
            log.Info("job retried", ("job_id", job.JobId), ("user", job.UserId));
            return job;
        }
        state.ChangeJob(job.Key, j => j with { Refusal = refusal, IsWatch = true });
        await SettleAsync(job, message, new MessageBody(refusal), JobStatuses.Failed, stop);
        return null;
    }

    private async Task<TrackedJob?> MadeAsync(TrackedJob job, bool recovered, StatusMessage message, CancellationToken stop)
    {
        var (id, refusal) = job.Refusal is null ? await creator.CreateAsync(job, recovered, message, stop) : (null, job.Refusal);
        if (id is not null)
        {
            log.Info("job made", ("job_id", id), ("command", job.Command), ("user", job.UserId));
            return state.ChangeJob(job.Key, j => j with { JobId = id, Payload = null });
        }
        state.ChangeJob(job.Key, j => j with { Refusal = refusal });
        await SettleAsync(job, message, new MessageBody(refusal!), JobStatuses.Failed, stop);
        return null;
    }

    /// <summary>The job as it ended; null where the broker no longer knows it, or it was given up.</summary>
    private async Task<JobView?> WatchAsync(TrackedJob job, StatusMessage message, CancellationToken stop)
    {
        var (id, interval) = (job.JobId!, settings.PollInterval);
        JobView? view = null;
        var backoff = settings.NewBackoff(chance);
        var upToDate = !job.IsWatch;
        await using var live = streams.Of(job, stop);
        while (state.Job(job.Key) is { GivenUp: false })
        {
            var asked = clock.GetUtcNow();
            var away = false;
            TimeSpan pause;
            try
            {
                var wait = live.IsOpen || (job.IsWatch && view is null) ? TimeSpan.Zero : Wait(view, upToDate, job.AskedAt + settings.PollTimeout - asked);
                view = await brokers.Of(job.UserId).GetAsync(id, wait, stop);
                if (JobStatuses.IsFinal(view.Status)) return view;
                if (view.Status != state.Job(job.Key)?.Status) state.ChangeJob(job.Key, j => j with { Status = view.Status });
                backoff.Reset();
                pause = asked + (wait == TimeSpan.Zero ? wait : interval) - clock.GetUtcNow();
            }
            catch (BrokerException e) when (e.Status == 404)
            {
                return null;
            }
            catch (BrokerException e)
            {
                log.Warn("broker: a job can't be asked about", ("job_id", id), ("reason", Reasons.Of(e)));
                away = true;
                pause = backoff.Next();
            }
            // The Python broker, which tells no state, has no stream that says how a job ends.
            if (!away && view!.State is not null) live.Open(view.Status == JobStatuses.Running);
            if (!away && live.IsOpen)
            {
                upToDate = await ShowLiveAsync(job, view!, live, message, stop);
                continue;
            }
            upToDate = await message.OfferAsync(messages.Progress(Named(job), view, away, IsLate(job), live.Output.Now));
            if (pause > TimeSpan.Zero) await Task.Delay(pause, clock, stop);
        }
        return null;
    }

    /// <summary>Shows what the job writes as it comes, until it is time to look at the job itself, or nothing more comes.</summary>
    /// <returns>Whether the newest is shown.</returns>
    private async Task<bool> ShowLiveAsync(TrackedJob job, JobView view, OutputStreams.Followed live, StatusMessage message, CancellationToken stop)
    {
        var until = clock.GetUtcNow() + (view.Status == JobStatuses.Running ? BetweenLooks : settings.PollInterval);
        while (true)
        {
            var changed = live.Output.Changed;
            var isShown = await message.OfferAsync(messages.Progress(Named(job), view, away: false, IsLate(job), live.Output.Now));
            var left = until - clock.GetUtcNow();
            if (!live.IsOpen || left <= TimeSpan.Zero) return isShown;
            if (!isShown)
            {
                var pause = message.UntilNextEdit() > ShortestPause ? message.UntilNextEdit() : ShortestPause;
                left = pause < left ? pause : left;
            }
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var passed = Task.Delay(left, clock, either.Token);
            while (await Task.WhenAny(passed, changed) == changed && !isShown && live.IsOpen) changed = live.Output.Changed;
            await either.CancelAsync();
            stop.ThrowIfCancellationRequested();
        }
    }

    private bool IsLate(TrackedJob job) => clock.GetUtcNow() - job.AskedAt >= settings.PollTimeout;

    /// <summary>Short while the message has news to show, long when only the end is news.</summary>
    private TimeSpan Wait(JobView? view, bool upToDate, TimeSpan left)
    {
        var wait = upToDate && view is { Status: JobStatuses.Running } ? LongPoll : settings.PollInterval;
        return left > TimeSpan.Zero && left < wait ? left : wait;
    }

    private MessageBody WithButtons(TrackedJob job, JobView view, string? output)
    {
        var body = messages.Final(Named(job), view, output);
        if (view.Status == JobStatuses.Failed && job.PlanId is { } failed && PlanButtons.CanCarry(failed))
        {
            return body with { Buttons = PlanButtons.Again(failed) };
        }
        if (job.IsWatch || JobMessages.PlanIdOf(view) is not { } plan || !PlanButtons.CanCarry(plan)) return body;
        var known = Plans.Find(state.Now, job.UserId, plan);
        if (known is null) state.Change(d => d.With(new PlanRecord(plan, job.UserId, clock.GetUtcNow(), PlanState.Open)));
        return known is null or { State: PlanState.Open } ? body with { Buttons = PlanButtons.For(plan) } : body;
    }

    private MessageBody Lost(TrackedJob job) =>
        state.Job(job.Key) is { GivenUp: true } ? messages.NoLongerWatched(Named(job)) : messages.NoLongerKnown(Named(job));

    private async Task SettleAsync(TrackedJob job, StatusMessage message, MessageBody body, string status, CancellationToken stop)
    {
        state.Change(d => Ended(d, job, status));
        await message.ShowLastAsync(body, job.JobId is null ? body : messages.FinalWithoutText(Named(job), status), stop);
        var last = state.Job(job.Key)!;
        if (body.Buttons is [var button, ..] && PlanButtons.Read(button.Id) is var (plan, _))
        {
            var data = state.Change(d => Plans.Find(d, job.UserId, plan) is { } known ? d.With(known with { Shown = last.Shown }) : d);
            var isOpen = Plans.Find(data, job.UserId, plan) is { State: PlanState.Open };
            // Decided before it was known where its buttons are: nobody has taken them away.
            if (!isOpen && last.Shown is { } shown) await chat.EditAsync(shown, new MessageBody(null));
        }
        if (last is { JobId: not null, Refusal: null, Shown: { } where } && clock.GetUtcNow() - job.AskedAt >= Long)
        {
            await chat.SendAsync(where.ChannelId, messages.Ended(Named(last), status), "e" + job.Key, where.Id);
        }
        state.ChangeJob(job.Key, j => j with { Settled = true });
    }

    /// <summary>An approval that failed leaves its plan open, to be approved again.</summary>
    private static BotData Ended(BotData data, TrackedJob job, string status)
    {
        var next = data.With(job.Key, j => j with { Ended = true, Status = status, Payload = null });
        var plan = job.PlanId is null || status == JobStatuses.Done ? null : Plans.Find(next, job.UserId, job.PlanId);
        return plan is null ? next : next.With(plan with { State = PlanState.Open });
    }
}
