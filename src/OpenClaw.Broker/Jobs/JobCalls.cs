using System.Collections.Concurrent;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Jobs;

/// <summary>The only way to change a job: makes or changes it, and then lets everybody hear of it.</summary>
internal sealed partial class JobCalls(
    IJobs jobs, IJobStore store, IStore rows, FreshJobs fresh, JobQuota quota, ApprovalRules approvals, IEnumerable<INewsSink> sinks, Clock clock,
    BrokerOptions options, ILogger<JobCalls> log)
{
    private const int RetrySeconds = 60;

    private readonly INewsSink[] sinks = [.. sinks];
    private readonly Lock naming = new();

    // By name: whether the table has it. One that is only being named counts, so that there are never too many.
    private readonly ConcurrentDictionary<string, bool> queues = new(StringComparer.Ordinal);

    /// <summary>Now as people's clocks show it, in milliseconds since 1970.</summary>
    public long Now => clock.Wall;

    public SteadyTime SteadyNow => clock.SteadyNow;

    /// <summary>The queues that were named since the file was made.</summary>
    public ICollection<string> Queues => queues.Keys;

    public bool HasQueue(string name) => queues.ContainsKey(name);

    /// <summary>To be called before the first request.</summary>
    public async Task LoadAsync()
    {
        queues[QueueNames.Default] = false;
        foreach (var name in await store.ReadQueueNamesAsync()) queues[name] = true;
    }

    /// <summary>Makes a job, or finds what its key made before. A new row has no earlier state to protect, so its maker writes it.</summary>
    /// <exception cref="ProblemException">429: its queue would be one too many.</exception>
    /// <exception cref="QueueFullException">There are as many unfinished jobs as there may be.</exception>
    public async Task<Created> CreateAsync(NewJob job)
    {
        using var place = quota.Enter(job);
        var isNewQueue = NameQueue(job.Queue);
        var row = Row(job, isNewQueue);
        Created created = default;
        try
        {
            created = await store.InsertAsync(row.Job, job.Payload, job.Key, isNewQueue,
                new AuditEntry(job.Now, job.Maker.Actor, "job.create", job.Id.ToString(), job.Command), row.Also);
        }
        finally
        {
            if (isNewQueue) EndNaming(job.Queue, isWritten: created.Job is not null);
        }
        return created.Job is { } written ? created with { Job = await TellOfNewAsync(written, job.Payload) } : created;
    }

    /// <summary>Makes jobs in one commit, or finds what their key made before.</summary>
    /// <param name="also">Changes of other rooms; where one is refused, nothing is written.</param>
    /// <returns>The key's earlier use, or the change that was refused; neither where all is written.</returns>
    /// <exception cref="ProblemException">429: there would be too many queues.</exception>
    public async Task<(KeyUse? EarlierUse, Change? Refused)> CreateManyAsync(
        IReadOnlyList<NewJob> jobs, IdempotencyKey? key, IReadOnlyList<Change> also, AuditEntry noted)
    {
        var named = new List<string>();
        IReadOnlyList<Job> written = [];
        try
        {
            foreach (var queue in jobs.Select(static j => j.Queue).Distinct(StringComparer.Ordinal)) if (NameQueue(queue)) named.Add(queue);
            var left = named.ToHashSet(StringComparer.Ordinal);
            (written, var use, var refused) = await store.InsertManyAsync([.. jobs.Select(job => Row(job, left.Remove(job.Queue)))], key, also, noted);
            if (written.Count == 0) return (use, refused);
        }
        finally
        {
            foreach (var queue in named) EndNaming(queue, isWritten: written.Count > 0);
        }
        for (var n = 0; n < written.Count; n++) await TellOfNewAsync(written[n], jobs[n].Payload);
        return (null, null);
    }

    private NewRow Row(NewJob job, bool isNewQueue)
    {
        var row = new Job
        {
            Id = job.Id,
            Version = 1,
            Queue = job.Queue,
            Command = job.Command,
            Requires = job.Requires,
            Caps = job.Caps,
            CreatedAt = job.Now,
            PayloadBytes = job.Payload.Length,
            Requester = job.Requester,
            Signature = job.Signature,
            MadeBy = job.Maker.Token,
            Priority = job.Priority,
            RunAt = job.RunAt,
            IsDelay = job.IsDelay,
            ExpiresAt = job.Now + job.ExpiresInMs,
            TimeoutMs = job.TimeoutMs,
            MaxAttempts = job.MaxAttempts,
            Backoff = job.Backoff,
            Tags = job.Tags,
            RetryOf = job.RetryOf,
            Schedule = job.Schedule,
            Tick = job.Tick,
            SerialKey = job.SerialKey,
            UniqueKey = job.Unique?.Key,
            DependsOn = job.DependsOn,
            Batch = job.Batch,
            Webhook = job.Webhook,
            Holds = job.DependsOn.Count > 0 ? [new Hold(HoldKinds.Parents, job.Now, null, null, job.DependsOn.Count)]
                : job.AfterBatch is { } awaited ? [new Hold(HoldKinds.Batch, job.Now, awaited.ToString(), null)] : [],
        };
        var also = job.Also;
        if (job.DependsOn.Count > 0) also = [.. also, .. job.DependsOn.Select(parent => new EdgeInsert(parent.Id, job.Id))];
        if (job.Unique is { } unique)
        {
            also = [.. also, new UniqueInsert(row, clock.SteadyNow, unique.WithinMs is { } ms ? clock.SteadyNow + ms : null,
                unique.OnConflict == OnConflict.KeepLatest)];
        }
        if (approvals.For(job.Command, job.Queue, job.Requester, job.Approval) is { } approval) row = DecisionRules.Ask(row, approval, job.Now);
        row = PersonRules.Settle(row, job.Now);
        if (row.Webhook is not null) also = [.. also, .. HookEvents.After(null, row, null, job.Now)];
        return new NewRow(row, job.Payload, isNewQueue, also);
    }

    private async Task<Job> TellOfNewAsync(Job written, byte[] payload)
    {
        if (written.SerialKey is not null) written = await SerialKeys.ReadAgainAsync(store, written, e => LogNotRead(e, written.Queue));
        if (written.IsReady) fresh.Add(written, payload);
        await TellAsync(written, null);
        return written;
    }

    /// <summary>Lets an event happen to a job.</summary>
    /// <returns>The job as it is now, also when it refused; null where there is none.</returns>
    public async Task<JobReply?> ApplyAsync(Guid id, JobEvent e)
    {
        var reply = await jobs[id].ApplyAsync(e);
        if (reply is not null && IsNews(reply, e)) await TellAsync(reply.Job, reply.Before);
        if (reply is { Before: { SerialKey: { } key } before, Job: { } job } && (job.IsFinal || before.Queue != job.Queue)) await AdmitAsync(before.Queue, key);
        return reply;
    }

    /// <summary>What has ended made the next of its serial key ready: its queue hears of that.</summary>
    private async Task AdmitAsync(string queue, string serialKey)
    {
        try
        {
            if (await store.FindFirstAsync(queue, serialKey) is { IsReady: true } next) await TellAsync(next, null);
        }
        catch (Exception e)
        {
            LogNotRead(e, queue);
        }
    }

    /// <summary>Changes a waiting job's fields.</summary>
    /// <returns>As <see cref="ApplyAsync"/>.</returns>
    /// <exception cref="ProblemException">429: its queue would be one too many.</exception>
    public async Task<JobReply?> EditAsync(Guid id, Edited e)
    {
        if (e.Edit.Queue is { } to && approvals.HasAny && await store.FindAsync(id) is { } job)
        {
            e = e with { Edit = e.Edit with { Approval = approvals.For(job.Command, to, job.Requester, job.Approval) } };
        }
        if (e.Edit.Queue is not { } queue || !NameQueue(queue)) return await ApplyAsync(id, e);
        JobReply? reply = null;
        try
        {
            return reply = await ApplyAsync(id, e with { Edit = e.Edit with { IsNewQueue = true } });
        }
        finally
        {
            EndNaming(queue, isWritten: reply is { Refusal: Refusal.None });
        }
    }

    /// <summary>Forgets a queue.</summary>
    /// <returns>False where it has unfinished jobs, and stays.</returns>
    public async Task<bool> DropQueueAsync(string queue, string actor)
    {
        var dropped = new Commit([new QueueDelete(queue)], isEssential: true, new AuditEntry(Now, actor, "queue.delete", queue));
        if (await rows.WriteAsync(dropped) is not null) return false;
        queues.TryRemove(queue, out _);
        return true;
    }

    /// <summary>The payload of a job that was just claimed.</summary>
    public ValueTask<byte[]> ReadPayloadAsync(Job job) =>
        fresh.TakePayload(job) is { } payload ? ValueTask.FromResult(payload) : store.ReadPayloadAsync(job.Seq);

    /// <summary>
    /// Who believed the job to be otherwise hears of it also where nothing changed. A lease that did not end is no news: only who
    /// kept it from ending knows whether it began anew, and says so.
    /// </summary>
    private static bool IsNews(JobReply reply, JobEvent e) =>
        reply.Refusal == Refusal.None || e is Claimed || e is LeaseEnded && reply.Job.State != JobState.Running;

    /// <summary>Whether the queue's name has to be written.</summary>
    private bool NameQueue(string queue)
    {
        if (queues.TryGetValue(queue, out var isWritten)) return !isWritten;
        lock (naming)
        {
            var most = QueueNames.Most + (queues.ContainsKey(QueueNames.Hooks) ? 1 : 0); // the broker's own is one more
            if (queues.Count >= most && queue != QueueNames.Hooks && !queues.ContainsKey(queue)) throw TooManyQueues();
            queues.TryAdd(queue, false);
            return true;
        }
    }

    private static ProblemException TooManyQueues() => new(StatusCodes.Status429TooManyRequests, ErrorCodes.TooManyQueues,
        $"there are {QueueNames.Most} queues, as many as there may be; use one of them") { RetryAfter = RetrySeconds };

    private void EndNaming(string queue, bool isWritten)
    {
        if (isWritten) queues[queue] = true;
        else if (queue != QueueNames.Default) queues.TryRemove(KeyValuePair.Create(queue, false));
    }

    private async ValueTask TellAsync(Job job, Job? before)
    {
        if (!job.IsFinal && !queues.ContainsKey(job.Queue)) await NameAgainAsync(job.Queue);
        var news = JobNews.Of(job, clock.SteadyNow, options.LeaseMs);
        if (before is not null && before.Queue != job.Queue) news = news with { LeftQueue = before.Queue };
        if (JobRules.Due(job) is { } due)
        {
            var isDate = due.What == Moment.Run && !job.IsDelay;
            // A time that is to pass was counted from the job's own time, which does not go back with the wall clock.
            var from = isDate || due.What == Moment.Deny ? clock.Wall : JobRules.At(job, clock.Wall);
            news = news with { DueAt = due.At, DueMs = due.At - from, IsDueByDate = isDate };
        }
        foreach (var sink in sinks) await sink.Heard(news);
    }

    /// <summary>The queue was deleted while a job of it was on its way: it is there again.</summary>
    private async Task NameAgainAsync(string queue)
    {
        queues[queue] = true;
        try
        {
            await rows.WriteAsync(new Commit([new QueueInsert(queue)], isEssential: true));
        }
        catch (Exception e)
        {
            LogNotNamed(e, queue); // at the next start its job names it
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The name of queue {Queue}, which was deleted while a job of it was created, could not be written")]
    private partial void LogNotNamed(Exception e, string queue);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A job of a serial key could not be read; queue {Queue} finds it in the table within 30 s")]
    private partial void LogNotRead(Exception e, string queue);
}
