using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Bot.Chat;

/// <summary>Follows one job from the wish to its last word.</summary>
internal sealed class JobTracker(BotParts parts)
{
    /// <summary>Edits notify nobody: a job that took this long also gets a new reply.</summary>
    public static readonly TimeSpan Long = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(30);

    /// <param name="key">The job's key in the state.</param>
    /// <param name="recovered">Whether an earlier process began with it.</param>
    public async Task TrackAsync(string key, bool recovered, CancellationToken stop)
    {
        var message = new StatusMessage(parts, key);
        var job = parts.State.Job(key)!;
        if (job.JobId is null)
        {
            var (id, refusal) = job.Refusal is null ? await new JobCreator(parts).CreateAsync(job, recovered, message, stop) : (null, job.Refusal);
            if (id is null)
            {
                parts.State.ChangeJob(key, j => j with { Refusal = refusal });
                await SettleAsync(job, message, new MessageBody(refusal!), JobStatuses.Failed, stop);
                return;
            }
            job = parts.State.ChangeJob(key, j => j with { JobId = id, Payload = null });
            parts.Log.Info($"job {id} ({job.Command}) made for user {job.UserId}");
        }
        // An interaction already shows that something is under way; a quick job's first word there is its result.
        if (job is { Shown: null, Interaction: null }) await message.OfferAsync(Rendering.Progress(job.JobId!, job.Command, null, away: false, late: false));
        var view = await WatchAsync(job, message, stop);
        await SettleAsync(job, message, view is null ? Lost(job) : WithButtons(job, view), view?.Status ?? JobStatuses.Failed, stop);
    }

    /// <summary>The job as it ended; null where the broker no longer knows it, or it was given up.</summary>
    private async Task<JobView?> WatchAsync(TrackedJob job, StatusMessage message, CancellationToken stop)
    {
        var (id, interval) = (job.JobId!, parts.Settings.PollInterval);
        JobView? view = null;
        var backoff = parts.NewBackoff();
        var upToDate = true;
        while (parts.State.Job(job.Key) is { GivenUp: false })
        {
            var asked = parts.Clock.GetUtcNow();
            var left = job.AskedAt + parts.Settings.PollTimeout - asked;
            var away = false;
            TimeSpan pause;
            try
            {
                view = await parts.Broker.GetAsync(id, Wait(view, upToDate, left), stop);
                if (JobStatuses.IsFinal(view.Status)) return view;
                if (view.Status != parts.State.Job(job.Key)?.Status) parts.State.ChangeJob(job.Key, j => j with { Status = view.Status });
                backoff.Reset();
                pause = asked + interval - parts.Clock.GetUtcNow();
            }
            catch (BrokerException e) when (e.Status == 404)
            {
                return null;
            }
            catch (BrokerException e)
            {
                parts.Log.Warn($"broker: job {id} can't be asked about: {ProgramLog.Describe(e)}");
                away = true;
                pause = backoff.Next();
            }
            upToDate = await message.OfferAsync(Rendering.Progress(id, job.Command, view, away, parts.Clock.GetUtcNow() - job.AskedAt >= parts.Settings.PollTimeout));
            if (pause > TimeSpan.Zero) await Task.Delay(pause, parts.Clock, stop);
        }
        return null;
    }

    /// <summary>Short while the message has news to show, long when only the end is news.</summary>
    private TimeSpan Wait(JobView? view, bool upToDate, TimeSpan left)
    {
        var wait = upToDate && view is { Status: JobStatuses.Running } ? LongPoll : parts.Settings.PollInterval;
        return left > TimeSpan.Zero && left < wait ? left : wait;
    }

    private MessageBody WithButtons(TrackedJob job, JobView view)
    {
        var body = Rendering.Final(job.JobId!, job.Command, view);
        if (job.IsWatch || Rendering.PlanIdOf(view) is not { } plan || !PlanButtons.CanCarry(plan)) return body;
        var known = parts.State.Now.Plans.FirstOrDefault(p => p.PlanId == plan && p.UserId == job.UserId);
        if (known is null) parts.State.Change(d => d.With(new PlanRecord(plan, job.UserId, parts.Clock.GetUtcNow(), PlanState.Open)));
        return known is null or { State: PlanState.Open } ? body with { Buttons = PlanButtons.For(plan) } : body;
    }

    private MessageBody Lost(TrackedJob job) => parts.State.Job(job.Key) is { GivenUp: true }
        ? new($"Job `{job.JobId}` ({Markdown.Code(job.Command)}): no longer watched. `status {job.JobId}` shows it.")
        : new($"Job `{job.JobId}` ({Markdown.Code(job.Command)}): the broker no longer knows it.");

    private async Task SettleAsync(TrackedJob job, StatusMessage message, MessageBody body, string status, CancellationToken stop)
    {
        parts.State.Change(d => Ended(d, job, status));
        await message.ShowLastAsync(body, stop);
        var last = parts.State.Job(job.Key)!;
        if (body.Buttons is [var button, ..] && PlanButtons.Read(button.Id) is var (plan, _))
        {
            parts.State.Change(d => d with { Plans = [.. d.Plans.Select(p => p.UserId == job.UserId && p.PlanId == plan ? p with { Shown = last.Shown } : p)] });
        }
        if (last.JobId is { } id && last.Shown is { } where && parts.Clock.GetUtcNow() - job.AskedAt >= Long)
        {
            await parts.Chat.SendAsync(where.ChannelId, new MessageBody($"Job `{id}` ({Markdown.Code(job.Command)}) has ended: **{(status == JobStatuses.Done ? "done" : "failed")}**."), "e" + job.Key, where.Id, parts.Speaking);
        }
        parts.State.ChangeJob(job.Key, j => j with { Settled = true });
    }

    /// <summary>An approval that failed leaves its plan open, to be approved again.</summary>
    private static BotData Ended(BotData data, TrackedJob job, string status)
    {
        var next = data.With(job.Key, j => j with { Ended = true, Status = status, Payload = null });
        var plan = job.PlanId is null || status == JobStatuses.Done ? null : next.Plans.FirstOrDefault(p => p.PlanId == job.PlanId && p.UserId == job.UserId);
        return plan is null ? next : next.With(plan with { State = PlanState.Open });
    }
}
