using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Queues;

[KeepAlive]
internal sealed partial class QueueGrain(
    [PersistentState("queue", StorageNames.AdoNet)] IPersistentState<QueueState> settings,
    BrokerGrains grains, JobReader table, ClaimWaiters waiters, EndWaiters endWaiters, Backlog backlog, Clock clock, ILogger<QueueGrain> log)
    : Grain, IQueueGrain, IRemindable
{
    /// <summary>How many unfinished jobs the index holds over all lanes.</summary>
    public const int WindowSize = 100_000;

    /// <summary>A job that was set aside and not claimed goes back to its place after this many milliseconds.</summary>
    public const int SetAsideMs = 10_000;

    private const string ReminderName = "leases";
    private const int RetryMs = 1000;
    private static readonly TimeSpan CompareEvery = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ReminderPeriod = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ReminderLinger = TimeSpan.FromHours(1);

    private readonly QueueIndex index = new(WindowSize);
    private readonly List<Task> refills = [];
    private IGrainTimer timer = null!;
    private IGrainTimer compareTimer = null!;
    private long? timerDue;
    private IGrainReminder? reminder;
    private long lastLeased;

    private string Name => this.GetPrimaryKeyString();

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var snapshot = await table.ReadQueueAsync(Name, WindowSize, QueueIndex.LaneMinimum);
        foreach (var (lane, rows, complete) in snapshot.Lanes)
        {
            var window = index.LaneOf(lane);
            index.BeginRefill(window);
            index.EndRefill(window, rows, complete);
        }
        foreach (var job in snapshot.Running) index.Observe(job);
        var interleaved = new GrainTimerCreationOptions(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan) { Interleave = true };
        timer = this.RegisterGrainTimer(EndOverdueAsync, interleaved);
        compareTimer = this.RegisterGrainTimer(CompareAsync, new GrainTimerCreationOptions(TimeSpan.Zero, CompareEvery) { Interleave = true });
        lastLeased = clock.SteadyNow.Milliseconds;
        Settle();
        LogLoaded(Name, index.Ready, index.Leased);
    }

    public Task WakeAsync() => Task.CompletedTask;

    public ValueTask<Offer> NextAsync(string caps)
    {
        if (settings.State.Paused) return default;
        var id = index.SetAside(caps, clock.SteadyNow.Milliseconds + SetAsideMs);
        if (index.LaneToRefill(caps) is { } lane) refills.Add(RefillAsync(lane));
        Settle();
        return ValueTask.FromResult(new Offer(id, id is null && index.IsRefilling(caps)));
    }

    public Task ReturnAsync(Guid jobId)
    {
        if (index.Return(jobId) is { } lane) waiters.Wake(Name, lane);
        Settle();
        return Task.CompletedTask;
    }

    public Task ObserveAsync(Job[] jobs)
    {
        foreach (var job in jobs) Observe(job);
        Settle();
        return Task.CompletedTask;
    }

    public Task WhenRefilledAsync() => Task.WhenAll(refills);

    public Task<QueueCounts> DescribeAsync() =>
        Task.FromResult(new QueueCounts(index.Ready, index.SetAsideCount, index.Leased, settings.State.Paused));

    public async Task PauseAsync(bool paused)
    {
        settings.State.Paused = paused;
        try
        {
            await settings.WriteStateAsync();
        }
        catch
        {
            DeactivateOnIdle();
            throw;
        }
        if (!paused) waiters.Wake(Name, "");
    }

    /// <summary>The second net under the timer: survives a restart and wakes the queue.</summary>
    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        return Task.CompletedTask;
    }

    private void Observe(Job job)
    {
        if (job.State == JobState.Running) lastLeased = clock.SteadyNow.Milliseconds;
        if (index.Observe(job)) waiters.Wake(Name, job.Lane);
    }

    /// <summary>After each change: the backlog is known, and the timer is set to the next deadline.</summary>
    private void Settle()
    {
        backlog.Set(index.Ready);
        var next = index.NextDeadline;
        if (next == timerDue) return;
        timerDue = next;
        var due = next is { } until ? TimeSpan.FromMilliseconds(Math.Max(0, until - clock.SteadyNow.Milliseconds)) : Timeout.InfiniteTimeSpan;
        timer.Change(due, Timeout.InfiniteTimeSpan);
    }

    private async Task EndOverdueAsync(CancellationToken stop)
    {
        timerDue = null;
        var overdue = index.TakeOverdue(clock.SteadyNow.Milliseconds, out var lanes);
        foreach (var lane in lanes) waiters.Wake(Name, lane);
        await Task.WhenAll(overdue.Select(EndLeaseAsync));
        Settle();
    }

    private async Task EndLeaseAsync(Entry entry)
    {
        try
        {
            var reply = await grains.Job(entry.Id).ApplyAsync(new LeaseEnded(clock.Wall, clock.SteadyNow.Milliseconds, entry.Token!));
            if (reply is null)
            {
                index.Forget(entry.Id);
                return;
            }
            if (reply.Refusal == Refusal.None) LogLeaseEnded(entry.Id, reply.Job.Attempt, reply.Job.State);
            Observe(reply.Job);
            if (reply.Job.IsFinal) endWaiters.Ended(entry.Id);
            index.Postpone(entry, clock.SteadyNow.Milliseconds + RetryMs);
        }
        catch (Exception e)
        {
            LogRetry(e, entry.Id);
            index.Postpone(entry, clock.SteadyNow.Milliseconds + RetryMs);
        }
    }

    private async Task RefillAsync(LaneIndex lane)
    {
        index.BeginRefill(lane);
        var limit = index.LaneQuota + index.KnownIn(lane);
        try
        {
            await Task.Yield();
            var rows = await table.ReadReadyAsync(Name, lane.Name, limit);
            if (index.EndRefill(lane, rows, complete: rows.Count < limit)) waiters.Wake(Name, lane.Name);
        }
        catch (Exception e)
        {
            index.AbandonRefill(lane);
            LogRefill(e, Name);
        }
        refills.RemoveAll(static r => r.IsCompleted);
        Settle();
    }

    /// <summary>Compares the index with the table, so that a lost message costs seconds, never a job.</summary>
    private async Task CompareAsync(CancellationToken stop)
    {
        index.BeginRead();
        try
        {
            var found = 0;
            foreach (var job in await table.ReadUnfinishedHeadsAsync(Name, clock.SteadyNow.Milliseconds))
            {
                if (!index.ObserveRow(job)) continue;
                found++;
                waiters.Wake(Name, job.Lane);
            }
            if (found > 0) LogFound(Name, found);
            index.DropEmptyLanes();
            Settle();
            await KeepReminderAsync();
        }
        catch (Exception e)
        {
            LogCompare(e, Name);
        }
        finally
        {
            index.EndRead();
        }
    }

    /// <summary>The reminder is there before the first lease, and goes an hour after the last.</summary>
    private async Task KeepReminderAsync()
    {
        var wanted = index.Leased > 0 || index.Ready > 0 || clock.SteadyNow.Milliseconds - lastLeased < ReminderLinger.TotalMilliseconds;
        reminder ??= await this.GetReminder(ReminderName);
        if (wanted && reminder is null)
        {
            reminder = await this.RegisterOrUpdateReminder(ReminderName, ReminderPeriod, ReminderPeriod);
        }
        else if (!wanted && reminder is not null)
        {
            await this.UnregisterReminder(reminder);
            reminder = null;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Queue {Queue} loaded: {Ready} ready, {Leased} leased")]
    private partial void LogLoaded(string queue, int ready, int leased);

    [LoggerMessage(Level = LogLevel.Information, Message = "Lease on job {JobId} ended, attempt {Attempt}: now {State}")]
    private partial void LogLeaseEnded(Guid jobId, int attempt, JobState state);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The end of the lease on job {JobId} could not be written; tried again in a second")]
    private partial void LogRetry(Exception e, Guid jobId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Queue {Queue} could not read more jobs; tried again at the next claim")]
    private partial void LogRefill(Exception e, string queue);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Queue {Queue} found {Count} jobs in the table that it had not heard of")]
    private partial void LogFound(string queue, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Queue {Queue} could not compare itself with the table; tried again in 30 s")]
    private partial void LogCompare(Exception e, string queue);
}
