using System.Runtime.ExceptionServices;
using OpenClaw.Broker.Storage.Sqlite;
using Orleans.Storage;

namespace OpenClaw.Broker.Jobs;

/// <summary>The one authority over one job. Calls no other grain and waits for nothing but its own commit.</summary>
[Alias("OpenClaw.IJobGrain")]
internal interface IJobGrain : IGrainWithGuidKey
{
    /// <summary>Writes a new job. Where its idempotency key was used before, the job that used it is named instead.</summary>
    [Alias("Enqueue")]
    Task<EnqueueReply> EnqueueAsync(NewJob job);

    /// <summary>Lets an event happen to the job.</summary>
    /// <returns>The job as it is now, also when it refused; null where there is none.</returns>
    [Alias("Apply")]
    Task<JobReply?> ApplyAsync(JobEvent e);
}

/// <summary>The job after an event, and why the event changed nothing where it didn't.</summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.JobReply")]
internal sealed record JobReply([property: Id(0)] Job Job, [property: Id(1)] Refusal Refusal);

internal sealed class JobGrain(
    [PersistentState("job", JobStorage.Name)] IPersistentState<JobRow> row, Queues.Backlog backlog) : Grain, IJobGrain
{
    public async Task<EnqueueReply> EnqueueAsync(NewJob job)
    {
        if (row.RecordExists) return new EnqueueReply(row.State.Job, null);
        row.State.Job = new Job { Id = this.GetPrimaryKey(), Version = 1, Command = job.Command, Lane = job.Lane, CreatedAt = job.Now };
        row.State.Payload = job.Payload;
        row.State.Key = job.Key;
        await WriteAsync();
        if (row.State.EarlierUse is { } earlier)
        {
            DeactivateOnIdle();
            return new EnqueueReply(null, earlier);
        }
        if (backlog.IsLong) DeactivateOnIdle();
        return new EnqueueReply(row.State.Job, null);
    }

    public async Task<JobReply?> ApplyAsync(JobEvent e)
    {
        if (!row.RecordExists || row.State.Job is not { } job) return null;
        var step = JobRules.Next(job, e);
        if (step.Next is not { } next) return new JobReply(job, step.Refusal);
        row.State.Job = next with { Version = job.Version + 1 };
        row.State.Result = (e as Finished)?.Result;
        await WriteAsync();
        if (next.IsFinal) DeactivateOnIdle();
        return new JobReply(row.State.Job, Refusal.None);
    }

    private async Task WriteAsync()
    {
        try
        {
            await row.WriteStateAsync();
        }
        catch (Exception e)
        {
            DeactivateOnIdle(); // memory is ahead of disk: reload
            if (e is OrleansException and not InconsistentStateException && e.InnerException is { } cause) ExceptionDispatchInfo.Throw(cause); // Orleans wraps what a storage throws
            throw;
        }
        finally
        {
            row.State.Payload = row.State.Result = null;
        }
    }
}
