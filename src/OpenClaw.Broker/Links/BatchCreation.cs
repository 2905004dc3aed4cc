using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Links;

/// <summary>Makes the jobs of a batch in one commit. What one of them may not be, the others are all the same.</summary>
internal sealed class BatchCreation(JobCalls calls, JobCreation creation, JobRates rates, JobQuota quota)
{
    private const int MostSettlings = 3;

    /// <summary>Says in the entries what becomes of each.</summary>
    /// <returns>The earlier use of the key; null where there is none.</returns>
    /// <exception cref="ProblemException">The jobs that wait for its end can't be made, and nothing was.</exception>
    public async Task<KeyUse?> CreateAsync(NewBatch batch, IdempotencyKey? key, Caller caller)
    {
        var counted = new Dictionary<Guid, (Counted Rate, IDisposable? Place)>();
        var isMade = false;
        try
        {
            var sorted = BatchOrder.Sort(batch.Entries);
            await AdmitAsync(sorted, counted, caller);
            if (!sorted.Any(static e => e.IsToBeMade)) return null;
            List<NewJob> after = [.. new[] { batch.OnSuccess, batch.OnComplete }.OfType<NewJob>()];
            foreach (var job in after) Count(job, counted, caller);
            while (true)
            {
                List<NewJob> jobs = [.. sorted.Where(static e => e.IsToBeMade).Select(static e => e.Job!), .. after];
                if (jobs.Count == after.Count) return null;
                var noted = new AuditEntry(jobs[0].Now, caller.Name, "job.create", batch.Id.ToString(), $"a batch of {jobs.Count} jobs");
                var (use, refused) = await calls.CreateManyAsync(jobs, key,
                    [new BatchInsert(batch.Id, batch.OnSuccess?.Id, batch.OnComplete?.Id, jobs[0].Now)], noted);
                isMade = use is null && refused is null;
                if (refused is null) return use;
                await SettleAsync(sorted, refused, counted, caller);
            }
        }
        finally
        {
            foreach (var (rate, place) in counted.Values)
            {
                place?.Dispose();
                if (!isMade) rate.TakeBack();
            }
        }
    }

    /// <summary>Says of each entry whether it can be, in an order in which parents come first.</summary>
    private async Task AdmitAsync(List<BatchEntry> sorted, Dictionary<Guid, (Counted Rate, IDisposable? Place)> counted, Caller caller)
    {
        await LinkAsync(sorted, caller);
        foreach (var entry in sorted.Where(static e => e.IsToBeMade))
        {
            try
            {
                Count(entry.Job!, counted, caller);
            }
            catch (ProblemException e)
            {
                entry.Error = e;
            }
        }
        await LinkAsync(sorted, caller); // those that waited for one that was refused
    }

    /// <summary>The parents of each, by their ids.</summary>
    public async Task LinkAsync(List<BatchEntry> sorted, Caller caller)
    {
        var byRef = sorted.Where(static e => e.Ref is not null).ToDictionary(static e => e.Ref!, StringComparer.Ordinal);
        foreach (var entry in sorted)
        {
            if (entry.Job is not { ParentNames: { Count: > 0 } names } job || entry.Error is not null) continue;
            try
            {
                entry.Outside ??= await creation.FindParentsAsync([.. names.Where(p => !byRef.ContainsKey(p.Name))], caller.MaySee, entry.Within);
                List<Parent> parents = [.. entry.Outside];
                foreach (var name in names.Where(p => byRef.ContainsKey(p.Name)))
                {
                    var parent = byRef[name.Name];
                    if (parent.Error is not null) throw Refused(entry, name.Name);
                    parents.Add(new Parent(parent.Id, name.IfFailed));
                }
                entry.Job = job with { DependsOn = [.. parents.DistinctBy(static p => p.Id)] };
            }
            catch (ProblemException e)
            {
                entry.Error = e;
            }
        }
    }

    private void Count(NewJob job, Dictionary<Guid, (Counted Rate, IDisposable? Place)> counted, Caller caller)
    {
        var rate = rates.Count(caller.Credential, caller.Own);
        try
        {
            counted[job.Id] = (rate, quota.Enter(job));
        }
        catch (QueueFullException e)
        {
            rate.TakeBack();
            throw JobCreation.Full(e);
        }
    }

    /// <summary>Finds out what stands in the way of one of them, so that the others can be made.</summary>
    private async Task SettleAsync(List<BatchEntry> sorted, Change refused, Dictionary<Guid, (Counted Rate, IDisposable? Place)> counted, Caller caller)
    {
        var id = refused switch
        {
            UniqueInsert unique => unique.JobId,
            EdgeInsert edge => edge.Child,
            _ => throw new StorageFailedException("the batch was refused"),
        };
        var entry = sorted.Single(e => e.IsToBeMade && e.Job!.Id == id);
        entry.Outside = null;
        try
        {
            if (refused is UniqueInsert) entry.Found = await creation.SettleAsync(entry.Job!, caller.MaySee);
            if (++entry.Settlings >= MostSettlings && entry.Found is null) entry.Error = JobCreation.Duplicate(entry.Job!.Unique!, null);
        }
        catch (ProblemException e)
        {
            entry.Error = e;
        }
        if (!entry.IsToBeMade && counted.Remove(id, out var its))
        {
            its.Rate.TakeBack();
            its.Place?.Dispose();
        }
        await LinkAsync(sorted, caller); // a parent may be another, or none
    }

    private static ProblemException Refused(BatchEntry entry, string parent) =>
        new(ErrorCodes.Invalid, [new FieldError(["body", .. entry.Within, "depends_on"], $"'{parent}' was refused itself", "parent_refused")]);
}
