using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Queues;

/// <summary>
/// The index of one queue, its clock of leases and its settings. A start gives every running job a whole lease again, since
/// leases are counted here and by nobody else.
/// </summary>
[KeepAlive]
internal sealed partial class QueueGrain(
    [PersistentState("queue", StorageNames.AdoNet)] IPersistentState<QueueState> settings,
    JobCalls calls, IJobStore store, IStore rows, ClaimWaiters waiters, QueuePauses pauses, QueueLimits limits, WriteOutages outages, Clock clock,
    BrokerOptions options, ILogger<QueueGrain> log)
    : Grain, IQueueGrain, IRemindable
{
    /// <summary>How many unfinished jobs the index holds over all lanes.</summary>
    public const int WindowSize = 100_000;

    /// <summary>A job that was set aside and not claimed goes back to its place after this many milliseconds.</summary>
    public const int SetAsideMs = 10_000;

    private static readonly TimeSpan KeepEvery = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ReminderLinger = TimeSpan.FromHours(1);
    private static readonly TimeSpan IdleLinger = TimeSpan.FromMinutes(10);

    private readonly QueueIndex index = new(WindowSize);
    private bool isCompared;
    private IGrainTimer timer = null!;
    private SteadyTime? timerDue;
    private QueueReminder reminder = null!;
    private QueueRefills refills = null!;
    private LeaseEnds leaseEnds = null!;
    private SteadyTime lastLeased;
    private SteadyTime lastUsed;
    private SteadyTime? pauseEnd;

    private string Name => this.GetPrimaryKeyString();

    /// <summary>As the log calls it.</summary>
    private string Title => Name == QueueNames.Broker ? "The whole broker" : $"Queue {Name}";

    private Pause? Paused => settings.State.Pause;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        reminder = new QueueReminder(this);
        refills = new QueueRefills(Name, index, store, waiters, clock, Settle, log);
        leaseEnds = new LeaseEnds(index, calls, outages, clock, options.LeaseMs, Settle, log);
        index.Shares.Take(settings.State.Limits);
        var snapshot = await store.ReadQueueAsync(Name, WindowSize, QueueWindow.FlowMinimum, QueueWindow.MostFlows);
        foreach (var (key, rows, complete) in snapshot.Ready.Flows)
        {
            var flow = index.Window.FlowOf(key)!;
            index.BeginRefill(flow);
            index.EndRefill(flow, rows, complete);
        }
        if (snapshot.Ready.Next is not null) index.Window.LackSome();
        lastLeased = lastUsed = clock.SteadyNow;
        pauses.Set(Name, Paused);
        pauseEnd = PauseEnd();
        await LoadStartsAsync();
        foreach (var job in snapshot.Running) index.ObserveRow(JobNews.Of(job, clock.SteadyNow, options.LeaseMs), clock.SteadyNow);
        timer = this.RegisterGrainTimer(EndOverdueAsync,
            new GrainTimerCreationOptions(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan) { Interleave = true });
        this.RegisterGrainTimer(KeepAsync, new GrainTimerCreationOptions(TimeSpan.Zero, KeepEvery) { Interleave = true });
        Settle();
        WakeAll(); // who waited before it was loaded has not heard of what the table held
        if (Name != QueueNames.Broker) LogLoaded(Name, index.Window.Count, index.Leased);
    }

    public Task WakeAsync() => Task.CompletedTask;

    public ValueTask<Offer[]> ObserveAsync(QueueMessage message)
    {
        var now = lastUsed = clock.SteadyNow;
        foreach (var news in message.News) Observe(news, now, message.SentAt - news.At);
        var offers = message.Asks.Length == 0 ? [] : new Offer[message.Asks.Length];
        var wall = offers.Length == 0 ? 0 : clock.Wall;
        for (var i = 0; i < offers.Length; i++) offers[i] = Next(message.Asks[i], now, wall);
        Settle(now);
        return ValueTask.FromResult(offers);
    }

    public Task ReturnAsync(Guid jobId, bool isGone)
    {
        if (isGone) index.Forget(jobId);
        else if (index.Return(jobId) is { } lane) waiters.Wake(Name, lane);
        Settle();
        return Task.CompletedTask;
    }

    public Task BeginComparisonAsync()
    {
        if (!isCompared) index.BeginRead();
        isCompared = true;
        return Task.CompletedTask;
    }

    public Task EndComparisonAsync(JobNews[]? rows)
    {
        if (!isCompared) return Task.CompletedTask; // loaded from the table meanwhile
        isCompared = false;
        var found = 0;
        foreach (var row in rows ?? [])
        {
            if (!index.ObserveRow(row, clock.SteadyNow)) continue;
            found++;
            waiters.Wake(Name, row.Lane);
        }
        if (found > 0) LogFound(Name, found);
        index.EndRead();
        index.Window.DropEmpty(clock.SteadyNow);
        Settle();
        return Task.CompletedTask;
    }

    public Task<QueueView> DescribeAsync() =>
        Task.FromResult(new QueueView(index.Window.Count, index.SetAsideCount, index.Leased, index.Window.FirstReady, Paused)
        {
            Limits = settings.State.Limits,
            Version = settings.State.Version,
            Closed = [.. index.Shares.Closed(clock.SteadyNow).Select(s => new ClosedShare(s.Limit!, s.Name, s.OpensAt - clock.SteadyNow))],
        });

    public async Task<(long Version, bool IsChanged)> LimitAsync(QueueLimit[] limits, long? version)
    {
        if (version is { } seen && seen != settings.State.Version) return (settings.State.Version, false);
        await WriteAsync(new QueueState { Pause = Paused, Limits = limits, Version = settings.State.Version + 1 });
        var shares = index.Shares.Take(limits);
        await LoadStartsAsync();
        LogLimited(Title, limits.Length);
        foreach (var share in shares) index.Window.Reopen(share, clock.SteadyNow);
        WakeAll();
        Settle();
        return (settings.State.Version, true);
    }

    public async Task ClearAsync()
    {
        await WriteAsync(new QueueState());
        pauses.Set(Name, null);
        limits.Set(Name, false);
        await reminder.KeepAsync(isWanted: false);
        DeactivateOnIdle();
    }

    public async Task PauseAsync(Pause? pause)
    {
        await WriteAsync(new QueueState { Pause = pause, Limits = settings.State.Limits, Version = settings.State.Version });
        pauses.Set(Name, pause);
        pauseEnd = PauseEnd();
        Settle();
        if (pause is null)
        {
            LogResumed(Title);
            if (Name == QueueNames.Broker) waiters.WakeEverybody();
            WakeAll();
        }
        else
        {
            LogPaused(Title, pause.IsDrain ? "drained" : "paused", pause.By, pause.Reason);
        }
    }

    private async Task WriteAsync(QueueState next)
    {
        var before = settings.State;
        settings.State = next;
        try
        {
            await settings.WriteStateAsync();
        }
        catch
        {
            settings.State = before;
            DeactivateOnIdle(); // whether it was written is unknown: load it again
            throw;
        }
    }

    /// <summary>What has started before counts, too, as the table tells it.</summary>
    private async Task LoadStartsAsync()
    {
        var all = settings.State.Limits;
        limits.Set(Name, all.Length > 0);
        if (all.Max(static l => (long?)l.PerMs) is > 0 and var per) await refills.ReadStartsAsync(rows, per);
    }

    private void WakeAll()
    {
        foreach (var lane in index.Window.ReadyLanes) waiters.WakeAll(Name, lane);
    }

    /// <summary>The second net under the timer: survives a restart and wakes the queue.</summary>
    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        return Task.CompletedTask;
    }

    private Offer Next(Ask ask, SteadyTime now, long wall)
    {
        if (Paused is not null) return default;
        var worker = ask.Worker;
        if (index.SetAside(worker, now, wall, now + SetAsideMs) is { } id)
        {
            if (ask.Most == 1) return new Offer(id, false);
            var more = new List<Guid>();
            while (more.Count < ask.Most - 1 && index.SetAside(worker, now, wall, now + SetAsideMs) is { } next) more.Add(next);
            return new Offer(id, false, [.. more]);
        }
        refills.StartFlows(worker);
        return new Offer(null, index.Window.IsRefilling(worker));
    }

    private void Observe(JobNews news, SteadyTime now, long waitedMs)
    {
        if (news.State == JobState.Running) lastLeased = now;
        // Who asks for what was left out has it read.
        if (index.Observe(news, now, waitedMs) || news.IsReady && index.Window.HasLeftOut) waiters.Wake(Name, news.Lane);
    }

    /// <summary>After each change: the timer is set to the next deadline.</summary>
    private void Settle() => Settle(clock.SteadyNow);

    private void Settle(SteadyTime now)
    {
        foreach (var share in index.Shares.TakeOpened(now))
        {
            foreach (var lane in index.Window.Reopen(share, now)) waiters.WakeAll(Name, lane);
        }
        refills.Start(now);
        var next = index.NextDeadline is { } deadline && !(pauseEnd < deadline) ? deadline : pauseEnd;
        if (index.Shares.NextOpening is { } opens && !(next < opens)) next = opens;
        if (next == timerDue) return;
        timerDue = next;
        var due = next is { } until ? TimeSpan.FromMilliseconds(Math.Max(0, until - now)) : Timeout.InfiniteTimeSpan;
        timer.Change(due, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Starts what is due, and waits for none of it: one write that hangs holds up no other.</summary>
    private Task EndOverdueAsync(CancellationToken stop)
    {
        timerDue = null;
        if (pauseEnd <= clock.SteadyNow) _ = EndPauseAsync();
        leaseEnds.Start(index.TakeOverdue(clock.SteadyNow, out var lanes));
        foreach (var lane in lanes) waiters.Wake(Name, lane);
        Settle();
        return Task.CompletedTask;
    }

    /// <summary>When the pause ends by itself, on the steady clock.</summary>
    private SteadyTime? PauseEnd() => Paused?.Until is { } until ? clock.SteadyNow + (until - clock.Wall) : null;

    private async Task EndPauseAsync()
    {
        pauseEnd = null;
        try
        {
            await PauseAsync(null);
        }
        catch (Exception e)
        {
            LogStillPaused(e, Name); // the queue is loaded again, and with it the end of the pause
        }
    }

    private async Task KeepAsync(CancellationToken stop)
    {
        if (Paused is { IsDate: true }) pauseEnd = PauseEnd();
        Settle();
        var isIdle = Name != QueueNames.Default && index.IsEmpty && Paused is null && !waiters.HasAny(Name)
            && clock.SteadyNow - lastUsed >= IdleLinger.TotalMilliseconds;
        try
        {
            var isUsed = !index.IsEmpty || clock.SteadyNow - lastLeased < ReminderLinger.TotalMilliseconds;
            await refills.ReadLeftOutAsync();
            await reminder.KeepAsync(isWanted: isUsed && !isIdle && Name != QueueNames.Broker);
        }
        catch (Exception e)
        {
            LogReminder(e, Name);
        }
        if (isIdle && index.IsEmpty && !reminder.IsSet) DeactivateOnIdle();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Queue {Queue} loaded: {Ready} ready, {Leased} leased")]
    private partial void LogLoaded(string queue, int ready, int leased);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Queue {Queue} found {Count} jobs in the table that it had not heard of")]
    private partial void LogFound(string queue, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Queue {Queue} could not keep its reminder; tried again in 30 s")]
    private partial void LogReminder(Exception e, string queue);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Queue} is {Paused} by {By}: {Reason}")]
    private partial void LogPaused(string queue, string paused, string by, string? reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The end of queue {Queue}'s pause could not be written; tried again when the queue is loaded")]
    private partial void LogStillPaused(Exception e, string queue);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Queue} has {Count} limits now")]
    private partial void LogLimited(string queue, int count);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Queue} goes on")]
    private partial void LogResumed(string queue);
}
