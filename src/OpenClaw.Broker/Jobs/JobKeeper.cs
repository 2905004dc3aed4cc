using System.Text;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Jobs;

/// <summary>What is in memory of one job, and the only one who writes it. Takes one event after the other.</summary>
internal sealed partial class JobKeeper(Guid id, IJobStore store, FreshJobs fresh, Clock clock, ILogger log)
{
    private Job? job;

    /// <summary>Whether nothing more is expected to happen to the job.</summary>
    public bool IsOver => job is null or { IsFinal: true };

    /// <summary>To be called before the first event.</summary>
    public async Task LoadAsync() => job = fresh.TakeJob(id) ?? await store.FindAsync(id);

    /// <summary>Lets an event happen to the job.</summary>
    /// <returns>The job as it is now, also when it refused; null where there is none.</returns>
    public async Task<JobReply?> ApplyAsync(JobEvent e)
    {
        try
        {
            return await TryApplyAsync(e);
        }
        catch (StaleVersionException)
        {
            job = await store.FindAsync(id); // somebody else wrote the row: judge again by what it is now
            return await TryApplyAsync(e);
        }
        catch (UniqueKeyHeldException)
        {
            return new JobReply(job!, Refusal.Duplicate, null);
        }
        catch (AlreadySoException)
        {
            return new JobReply(job!, Refusal.AlreadySo, null);
        }
        catch (JobNeededException)
        {
            return new JobReply(job!, Refusal.Needed, null);
        }
    }

    private async Task<JobReply?> TryApplyAsync(JobEvent e)
    {
        if (job is not { } before) return null;
        var step = JobRules.Next(before, e);
        if (step.Refusal != Refusal.None && before is { SerialKey: not null, IsWaiting: true } && await store.FindAsync(before.Id) is { } found
            && found.Version != before.Version)
        {
            job = before = found; // the end of another job of its serial key made it ready
            step = JobRules.Next(before, e);
        }
        if (step.Refusal != Refusal.None) return new JobReply(before, step.Refusal, null);
        if (step.Next is not { } next) return await DeleteAsync(before, e);
        if (before.State == JobState.Running && next.IsWaiting && await FindLaterAsync(next) is { } later) next = JobRules.GiveWay(next, later, e.Now);
        next = next with { Version = before.Version + 1 };
        var edit = (e as Edited)?.Edit;
        await store.UpdateAsync(new JobChange(before, Shorten(next), e.Now)
        {
            End = Left(next, e),
            IsEdit = edit is not null || next.Approval != before.Approval,
            IsNewQueue = edit is { IsNewQueue: true },
            Payload = edit?.Payload,
            Notes = step.Notes,
            Also = Others(before, next, e),
            Unique = next.UniqueKey is not null && (before.IsFinal || before.Queue != next.Queue) ? UniqueInsert.Anew(next, clock.SteadyNow) : null,
            Noted = e.Noted(next),
        });
        job = next; // memory follows the commit, never leads it
        if (next is { SerialKey: not null, State: not JobState.Running })
        {
            job = next = await SerialKeys.ReadAgainAsync(store, next, why => LogNotRead(why, before.Id));
        }
        return new JobReply(next, Refusal.None, before);
    }

    /// <summary>What goes with a change in other tables.</summary>
    private static IReadOnlyList<Change> Others(Job before, Job next, JobEvent e)
    {
        var others = e is Heartbeat { Details: { } details } ? [new DetailsWrite(before.Seq, details)]
            : before.Holds.Count > 0 || e is Retried ? Edges.After(before, next, e) : [];
        return next.Webhook is null ? others : [.. others, .. HookEvents.After(before, next, (e as Finished)?.Result, e.Now)];
    }

    /// <summary>Of a unique key the latest is kept: what waits for the end of this one, which is to wait again itself.</summary>
    private async Task<Guid?> FindLaterAsync(Job next)
    {
        if (next is not { SerialKey: [SerialKeys.Own, ..], UniqueKey: { } key }) return null;
        if (await store.FindHolderAsync(next.Queue, next.Command, key) is not { } holder || holder == id) return null;
        return await store.FindAsync(holder) is { IsWaiting: true } ? holder : null;
    }

    private async Task<JobReply> DeleteAsync(Job before, JobEvent e)
    {
        await store.DeleteAsync(before, e.Now, e.Noted(before));
        fresh.Forget(before.Id);
        job = null;
        return new JobReply(before, Refusal.None, before);
    }

    private static JobEnd Left(Job next, JobEvent e) =>
        new((e as Finished)?.Result, next.Error?.Length > JobTable.ShortError ? Encoding.UTF8.GetBytes(next.Error) : null);

    /// <summary>The row holds the beginning of a long error; lists show that.</summary>
    private static Job Shorten(Job next) => next.Error?.Length > JobTable.ShortError ? next with { Error = JobTable.Beginning(next.Error) } : next;

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {JobId} was written and could not be read again; its queue finds it in the table within 30 s")]
    private partial void LogNotRead(Exception e, Guid jobId);
}
