using OpenClaw.Broker.Http;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Schedules;

/// <summary>Every write of the schedule goes through here, one after the other; the timer's turns come in between.</summary>
[KeepAlive]
internal sealed partial class ScheduleGrain(
    ScheduleJobs jobs, ScheduleEnds ends, IStore store, IJobStore jobStore, JobCalls calls, Clock clock, ILogger<ScheduleGrain> log)
    : Grain, IScheduleGrain, IRemindable
{
    /// <summary>So many ticks are made in one turn, so that callers come in between.</summary>
    private const int MostAtOnce = 50;

    private const string ReminderName = "ticks";
    private static readonly TimeSpan ReminderPeriod = TimeSpan.FromMinutes(1);

    /// <summary>The wall clock may have been set since.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    private Schedule? schedule;
    private Rhythm? rhythm;
    private IGrainTimer timer = null!;
    private long? tried;
    private long? complained;
    private IGrainReminder? reminder;

    private string Name => this.GetPrimaryKeyString();

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await LoadAsync();
        timer = this.RegisterGrainTimer(LookAsync,
            new GrainTimerCreationOptions(schedule is null ? LookEvery : TimeSpan.Zero, Timeout.InfiniteTimeSpan));
    }

    public Task WakeAsync()
    {
        Settle(TimeSpan.Zero);
        return Task.CompletedTask;
    }

    /// <summary>The second net under the timer: survives a restart and wakes the schedule.</summary>
    public Task ReceiveReminder(string reminderName, TickStatus status) => WakeAsync();

    public async Task<bool> CreateAsync(Schedule made, string job)
    {
        if (schedule is not null) return false;
        made = made with { NextTick = Rhythm.Of(made).From(clock.Wall) };
        var noted = Noted("schedule.create", made.Actor, $"{made.Cron ?? $"every {made.EverySeconds} s"}, {made.Command}");
        var refused = await store.WriteAsync(new Commit([new ScheduleInsert(made), new ScheduleJobWrite(Name, job)], isEssential: false, noted));
        if (refused is null) Take(made);
        else await LoadAsync();
        Settle(TimeSpan.Zero);
        return refused is null;
    }

    public async Task<ScheduleReply> EditAsync(Schedule edited, string? job, string actor)
    {
        if (schedule is not { } row) return Gone<ScheduleReply>();
        if (edited.Version != row.Version) return new ScheduleReply(row, false);
        var to = edited with
        {
            Version = row.Version + 1,
            Revision = row.Revision,
            NextTick = IsRetimed(row, edited) ? Rhythm.Of(edited).From(clock.Wall) : row.NextTick,
            KeptTick = row.KeptTick,
            LastTick = row.LastTick,
            LastJob = row.LastJob,
            Missed = row.Missed,
            Skipped = row.Skipped,
        };
        await WriteAsync(to, Noted("schedule.change", actor, $"{to.Cron ?? $"every {to.EverySeconds} s"}, {to.Command}"),
            job is null ? [] : [new ScheduleJobWrite(Name, job)]);
        Settle(TimeSpan.Zero);
        return new ScheduleReply(schedule, true);
    }

    public async Task<bool> PauseAsync(string? reason, string actor)
    {
        if (schedule is not { } row) return Gone<bool>();
        await WriteAsync(row with { Version = row.Version + 1, PausedAt = clock.Wall, PausedBy = actor, PauseReason = reason },
            Noted("schedule.pause", actor, reason));
        Settle(LookEvery);
        return true;
    }

    public async Task<bool> ResumeAsync(string actor)
    {
        if (schedule is not { } row) return Gone<bool>();
        if (!row.IsPaused) return true;
        await WriteAsync(row with
        {
            Version = row.Version + 1, PausedAt = null, PausedBy = null, PauseReason = null, NextTick = rhythm?.From(clock.Wall) ?? row.NextTick,
        }, Noted("schedule.resume", actor));
        Settle(TimeSpan.Zero);
        return true;
    }

    public async Task<bool> DeleteAsync(string actor)
    {
        if (schedule is null) return Gone<bool>();
        var noted = Noted("schedule.delete", actor, schedule.Command);
        await store.WriteAsync(new Commit([new ScheduleJobDelete(Name), new ScheduleDelete(Name)], isEssential: true, noted));
        Take(null);
        Settle(TimeSpan.Zero);
        return true;
    }

    private T Gone<T>()
    {
        DeactivateOnIdle();
        return default!;
    }

    private static bool IsRetimed(Schedule row, Schedule edited) =>
        (row.Cron, row.EverySeconds, row.TimeZone, row.StartAt, row.EndAt) != (edited.Cron, edited.EverySeconds, edited.TimeZone, edited.StartAt, edited.EndAt);

    /// <summary>The timer's turn: what is due is made, and the next moment is set.</summary>
    private async Task LookAsync(CancellationToken stop)
    {
        var isRefused = false;
        var hasMore = false;
        try
        {
            hasMore = await MakeDueAsync();
            (tried, complained) = (null, null);
        }
        catch (Exception e)
        {
            isRefused = true;
            Complain(e);
        }
        try
        {
            await KeepReminderAsync();
        }
        catch (Exception e)
        {
            LogReminder(e, Name);
        }
        if (isRefused) timer.Change(RetryAfter, Timeout.InfiniteTimeSpan);
        else Settle(hasMore ? TimeSpan.Zero : LookEvery);
    }

    /// <summary>The timer is set to the next tick, and to so much later at most.</summary>
    private void Settle(TimeSpan most)
    {
        if (schedule is { IsPaused: false, NextTick: { } next })
        {
            most = TimeSpan.FromMilliseconds(Math.Clamp(next - clock.Wall, 0, most.TotalMilliseconds)); // it may have come meanwhile
        }
        timer.Change(most, Timeout.InfiniteTimeSpan);
    }

    /// <returns>Whether there is more to do.</returns>
    private async Task<bool> MakeDueAsync()
    {
        if (schedule is not { IsPaused: false } || rhythm is null) return false;
        await MakeKeptAsync();
        var now = clock.Wall;
        var next = schedule with { NextTick = DueTicks.Next(schedule, rhythm, now) };
        var due = DueTicks.Of(next, rhythm, now, tried);
        next = next with { Missed = next.Missed + due.Missed };
        foreach (var tick in due.Ticks.Take(MostAtOnce)) next = await TickAsync(next with { NextTick = rhythm.After(tick) }, tick);
        if (due.Ticks.Count == 0 && next.NextTick <= now) next = next with { NextTick = rhythm.After(now) };
        if (next != schedule) await WriteAsync(next);
        if (schedule is not { KeptTick: not null, LastJob: { } last }) return due.Ticks.Count > MostAtOnce;
        ends.Watch(last, Name);
        return due.Ticks.Count > MostAtOnce || !await IsUnfinishedAsync(last);
    }

    private async Task MakeKeptAsync()
    {
        if (schedule is not { KeptTick: { } kept } || schedule.LastJob is { } last && await IsUnfinishedAsync(last)) return;
        var next = await MakeAsync(schedule with { KeptTick = null }, kept);
        if (next != schedule) await WriteAsync(next);
    }

    /// <summary>Deals with a tick.</summary>
    /// <param name="next">The schedule as it is to be, which the tick's job takes along into the table.</param>
    private async Task<Schedule> TickAsync(Schedule next, long tick)
    {
        if (tick == next.LastTick) return next; // the wall clock was set back
        var overlap = next.Overlap != Overlap.Allow && next.LastJob is { } last && (next.KeptTick is not null || await IsUnfinishedAsync(last))
            ? next.Overlap : Overlap.Allow;
        switch (overlap)
        {
            case Overlap.QueueOne when next.KeptTick is null:
                return next with { KeptTick = tick };
            case Overlap.QueueOne or Overlap.Skip:
                return next with { Skipped = next.Skipped + 1 };
            case Overlap.CancelOther:
                await calls.ApplyAsync(next.LastJob!.Value, new CancelRequested(clock.Wall, $"schedule {Name} came to its next tick", next.Actor));
                break;
        }
        return await MakeAsync(next, tick);
    }

    private async Task<Schedule> MakeAsync(Schedule next, long tick)
    {
        tried = tick;
        var id = Guid.CreateVersion7();
        var to = next with { Revision = schedule!.Revision + 1, LastTick = tick, LastJob = id };
        var update = new ScheduleUpdate(schedule, to);
        var made = await jobs.MakeAsync(schedule, tick, id, update);
        if (made is null || made.Value.Refused == update) await ReloadAsync();
        if (made!.Value.Job is not null) return schedule = to;
        // Nothing was written: the tick has its job from before, or another has that job's unique key.
        return made.Value.Found is { } found ? next with { LastTick = tick, LastJob = found.Id } : next;
    }

    private async Task<bool> IsUnfinishedAsync(Guid job) => await jobStore.FindAsync(job) is { IsFinal: false };

    private async Task WriteAsync(Schedule to, AuditEntry? noted = null, params Change[] more)
    {
        to = to with { Revision = schedule!.Revision + 1 };
        var commit = new Commit([new ScheduleUpdate(schedule, to), .. more], isEssential: more.Length == 0, noted);
        if (await store.WriteAsync(commit) is not null) await ReloadAsync();
        Take(to);
    }

    /// <summary>Somebody else wrote the row.</summary>
    private async Task ReloadAsync()
    {
        var from = schedule!.Revision;
        await LoadAsync();
        throw new StaleVersionException($"schedule {Name} is not at revision {from}");
    }

    private async Task LoadAsync() => Take((await store.ReadAsync(ScheduleTable.Find(Name))).FirstOrDefault());

    private void Take(Schedule? row)
    {
        var before = (schedule, rhythm);
        (schedule, rhythm) = (row, null);
        if (row is null) return;
        if (before is ({ } old, { } known) && !IsRetimed(old, row))
        {
            rhythm = known;
            return;
        }
        rhythm = Rhythm.TryOf(row, out var why);
        if (why is not null) LogSilent(Name, why);
    }

    /// <summary>The reminder is there as long as the schedule is.</summary>
    private async Task KeepReminderAsync()
    {
        if (schedule is not null)
        {
            reminder ??= await this.GetReminder(ReminderName) ?? await this.RegisterOrUpdateReminder(ReminderName, ReminderPeriod, ReminderPeriod);
            return;
        }
        if ((reminder ?? await this.GetReminder(ReminderName)) is { } left) await this.UnregisterReminder(left);
        reminder = null;
        DeactivateOnIdle();
    }

    private AuditEntry Noted(string action, string actor, string? detail = null) => new(clock.Wall, actor, action, Name, detail);

    /// <summary>Once for each tick.</summary>
    private void Complain(Exception e)
    {
        var about = tried ?? schedule?.NextTick ?? 0;
        if (complained == about) return;
        complained = about;
        var isExpected = e is ProblemException or StorageBusyException or StorageFullException or StorageFailedException or StaleVersionException;
        LogRefused(isExpected ? null : e, Name, DateTimeOffset.FromUnixTimeMilliseconds(about), e.Message);
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Schedule {Schedule} could not make the job of its tick at {Tick:u}: {Why}. It is tried again every 5 s until the next tick")]
    private partial void LogRefused(Exception? e, string schedule, DateTimeOffset tick, string why);

    [LoggerMessage(Level = LogLevel.Error, Message = "Schedule {Schedule} does not tick: {Why}")]
    private partial void LogSilent(string schedule, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Schedule {Schedule} could not keep its reminder; tried again when it looks at the clock again")]
    private partial void LogReminder(Exception e, string schedule);
}
