namespace OpenClaw.Bot.Chat;

/// <summary>
/// Wishes for jobs and watches: checked and remembered in one step, so that neither a replay nor a crash makes one two or none, then
/// followed.
/// </summary>
internal sealed class JobRequests(
    BotState state, Guardrails guardrails, Plans plans, JobTracker tracker, JobCommands jobs, JobMessages messages, RunningTasks work, TimeProvider clock)
{
    private const int MostWatches = 10;

    /// <summary>How many jobs of a person may be followed at once.</summary>
    public int MostFollowed => guardrails.MostJobs + MostWatches;

    /// <summary>Goes on with what an earlier process had begun.</summary>
    public void Recover(CancellationToken stop)
    {
        foreach (var job in state.Now.Jobs.Where(j => !j.Settled))
        {
            Follow(job, recovered: true, job.PlanId is null ? null : () => plans.TakeButtonsAsync(job.UserId, job.PlanId), stop);
        }
    }

    /// <summary>Makes a job, unless something speaks against it.</summary>
    /// <returns>What speaks against it; null: it is under way.</returns>
    public string? Make(Conversation conversation, Wish wish, CancellationToken stop)
    {
        var asked = conversation.Asked;
        var job = new TrackedJob
        {
            Key = asked.Id,
            UserId = asked.UserId,
            ChannelId = asked.ChannelId,
            Command = wish.Name,
            BrokerCommand = wish.IsFree ? wish.BrokerCommand : null,
            AskedAt = clock.GetUtcNow(),
            Payload = wish.Payload,
            ReplyTo = asked switch { TextReceived => asked.Id, ButtonPressed pressed => pressed.MessageId, _ => null },
            AnswerTo = (asked as CommandInvoked)?.Interaction,
            PlanId = wish is { IsFree: false, Name: Commands.Approve } ? wish.Payload : null,
        };
        var refusal = (asked is ButtonPressed ? null : guardrails.RefuseTooSoon(state.Now, asked.UserId))
            ?? guardrails.RefuseTooMany(state.Now, asked.UserId)
            ?? (job.PlanId is null ? null : plans.Refuse(state.Now, asked.UserId, job.PlanId));
        if (refusal is not null) return refusal;
        state.Change(d =>
        {
            var last = new Dictionary<string, DateTimeOffset>(d.LastCommands) { [asked.UserId] = job.AskedAt };
            var next = d.WithSeen(asked).With(job) with { LastCommands = last };
            return job.PlanId is not null && Plans.Find(d, asked.UserId, job.PlanId) is { } plan ? next.With(plan with { State = PlanState.Approved }) : next;
        });
        Follow(job, recovered: false, () => BeginAsync(conversation, job), stop);
        return null;
    }

    /// <summary>Has a failed job done again by its button, and follows it in a message of its own.</summary>
    /// <returns>What speaks against it; null: it is under way.</returns>
    public string? Retry(Conversation conversation, ButtonPressed pressed, string jobId, int round, CancellationToken stop)
    {
        var data = state.Now;
        var again = new TrackedJob
        {
            Key = pressed.Id,
            UserId = pressed.UserId,
            ChannelId = pressed.ChannelId,
            Command = data.Jobs.FirstOrDefault(j => j.JobId == jobId)?.Command ?? "job",
            AskedAt = clock.GetUtcNow(),
            ReplyTo = pressed.MessageId,
            JobId = jobId,
            RetriedRound = round,
        };
        var isRetried = data.Jobs.Any(j => j.JobId == jobId && j.RetriedRound == round && j.Refusal is null);
        var refusal = isRetried ? messages.RetriedAlready(NamedJob.Of(data, again)) : guardrails.RefuseTooMany(data, pressed.UserId);
        if (refusal is not null) return refusal;
        state.Change(d => d.WithSeen(pressed).With(again));
        Follow(again, recovered: false, () => conversation.ReplaceAsync(new MessageBody(null)), stop);
        return null;
    }

    /// <summary>Shows a job in another message.</summary>
    /// <returns>What speaks against it; null: it is under way.</returns>
    public string? Watch(Conversation conversation, string text, CancellationToken stop)
    {
        var asked = conversation.Asked;
        var (id, refusal) = jobs.Find(asked.UserId, text);
        if (id is null) return refusal;
        if (state.Now.Jobs.Count(j => j.UserId == asked.UserId && j.IsWatch && !j.Ended) >= MostWatches) return $"You are watching {MostWatches} jobs already.";
        var watch = new TrackedJob
        {
            Key = asked.Id,
            UserId = asked.UserId,
            ChannelId = asked.ChannelId,
            Command = state.Now.Jobs.FirstOrDefault(j => j.JobId == id && j.UserId == asked.UserId)?.Command ?? "job",
            AskedAt = clock.GetUtcNow(),
            ReplyTo = asked is TextReceived ? asked.Id : null,
            AnswerTo = (asked as InteractionReceived)?.Interaction,
            JobId = id,
            IsWatch = true,
        };
        state.Change(d => d.WithSeen(asked).With(watch));
        Follow(watch, recovered: false, conversation.BeginAsync, stop);
        return null;
    }

    /// <summary>A plan that is being approved loses its buttons; who waits for an answer is told to.</summary>
    private async Task BeginAsync(Conversation conversation, TrackedJob job)
    {
        if (conversation.Asked is ButtonPressed)
        {
            await conversation.ReplaceAsync(new MessageBody(null));
            return;
        }
        await conversation.BeginAsync();
        if (job.PlanId is not null) await plans.TakeButtonsAsync(job.UserId, job.PlanId);
    }

    private void Follow(TrackedJob job, bool recovered, Func<Task>? begin, CancellationToken stop) => work.Run(job.UserId, async () =>
    {
        if (begin is not null) await begin();
        await tracker.TrackAsync(job.Key, recovered, stop);
    }, stop);
}
