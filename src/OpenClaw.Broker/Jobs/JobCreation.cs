using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Store;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Jobs;

/// <summary>Makes jobs for callers.</summary>
internal sealed class JobCreation(JobCalls calls, IJobStore store, JobRates rates)
{
    /// <summary>How often a conflict over a unique key is settled anew, since its holder moves on meanwhile.</summary>
    private const int MostSettlings = 3;

    private const int FullRetrySeconds = 10;

    /// <summary>Creates the job within the rates of the caller's token, and of the person's own for whom it speaks; what is refused counts nothing.</summary>
    /// <exception cref="ProblemException">422: a parent is none, or its key came with another body. 429: a rate or a limit is reached.</exception>
    public async Task<Created> CreateAsync(NewJob job, Caller caller)
    {
        if (await FindEarlierAsync(job.Key) is { } earlier) return new Created(null, earlier);
        if (job.ParentNames.Count > 0) job = job with { DependsOn = await FindParentsAsync(job.ParentNames, caller.MaySee) };
        if (job.Batch is { } batch && caller.SeesOwnAlone && !await HasOwnAsync(batch, caller)) throw NoBatch(batch);
        return await CreateAsync(job, caller.MaySee, caller.Credential, caller.Own);
    }

    /// <summary>Creates it for nobody who asks just now, within the rate of the token that once did, where it is still there.</summary>
    /// <exception cref="ProblemException">429: a rate or a limit is reached.</exception>
    public Task<Created> CreateAsync(NewJob job, Credential? maker) => CreateAsync(job, other => other.MadeBy == job.Maker.Token, maker);

    /// <summary>What a key has made already.</summary>
    /// <exception cref="ProblemException">422: from another body.</exception>
    public async Task<KeyUse?> FindEarlierAsync(IdempotencyKey? key)
    {
        var earlier = key is null ? null : await store.FindKeyAsync(key.Scope, key.Key);
        if (earlier is not null) key!.Check(earlier);
        return earlier;
    }

    /// <summary>The parents that somebody named by their ids.</summary>
    /// <param name="within">Where in the body the job stands.</param>
    /// <exception cref="ProblemException">422: there is none of that id, or none that he may see.</exception>
    public async Task<IReadOnlyList<Parent>> FindParentsAsync(IReadOnlyList<ParentName> names, Func<Job, bool> maySee, params string[] within)
    {
        var errors = new FieldErrors(within);
        var parents = new List<Parent>(names.Count);
        for (var n = 0; n < names.Count; n++)
        {
            if (Guid.TryParseExact(names[n].Name, "D", out var id) && id.ToString() == names[n].Name && await store.FindAsync(id) is { } job && maySee(job))
            {
                parents.Add(new Parent(id, names[n].IfFailed));
            }
            else
            {
                errors.Add($"depends_on.{n}", "is the id of no job; it may have been deleted", "no_such_job");
            }
        }
        errors.Check();
        return parents;
    }

    /// <summary>Settles with the job that has a new one's unique key.</summary>
    /// <param name="maySee">Whether who makes it may know of another job: one that has its unique key is answered and changed only then.</param>
    /// <returns>The job that stands for the new one; null where the key is free by now, or its holder has moved on.</returns>
    /// <exception cref="ProblemException">409: the new one may not be.</exception>
    public async Task<Job?> SettleAsync(NewJob job, Func<Job, bool> maySee)
    {
        var unique = job.Unique!;
        if (await store.FindHolderAsync(job.Queue, job.Command, unique.Key) is not { } id || await store.FindAsync(id) is not { } holder) return null;
        if (!maySee(holder))
        {
            throw new ProblemException(StatusCodes.Status409Conflict, ErrorCodes.Duplicate,
                $"somebody else's job has the unique key '{unique.Key}'; nothing was created. Use another key");
        }
        if (unique.OnConflict == OnConflict.Reject) throw Duplicate(unique, holder);
        return unique.OnConflict == OnConflict.Return || await ReplaceAsync(holder, job) is { Refusal: Refusal.None } ? holder : null;
    }

    public static ProblemException Duplicate(Unique unique, Job? holder) => new(StatusCodes.Status409Conflict, ErrorCodes.Duplicate,
        $"{(holder is null ? "another job" : $"job {holder.Id}")} has the unique key '{unique.Key}'; nothing was created. Wait for its end, or use another key")
    {
        State = holder?.State.Name(), JobId = holder?.Id,
    };

    public static ProblemException Full(QueueFullException e) => new(StatusCodes.Status429TooManyRequests, ErrorCodes.QueueFull, e.Message)
    {
        RetryAfter = FullRetrySeconds, Reached = (e.Depth, e.Limit),
    };

    public static ProblemException NoBatch(Guid batch) => new(StatusCodes.Status409Conflict, ErrorCodes.BatchEnded,
        $"there is no batch {batch}, or it has ended; nothing was created. Make a new one: POST /jobs/batch");

    private async Task<Created> CreateAsync(NewJob job, Func<Job, bool> maySee, params Credential?[] credentials)
    {
        var counted = rates.Count(credentials);
        var isCreated = false;
        try
        {
            if (job.Batch is { } batch) job = job with { Also = [.. job.Also, new BatchJoin(batch)] };
            var created = await CreateOrFindAsync(job, maySee);
            isCreated = created.Job is not null && created.Found is null;
            if (created.EarlierUse is { } use) job.Key!.Check(use);
            if (created.Refused is BatchJoin) throw NoBatch(job.Batch!.Value);
            if (created.Refused is EdgeInsert)
            {
                await FindParentsAsync(job.ParentNames, static _ => true); // one has gone
                throw new StorageBusyException("a parent of the job was being changed");
            }
            return created;
        }
        catch (QueueFullException e)
        {
            throw Full(e);
        }
        finally
        {
            if (!isCreated) counted.TakeBack();
        }
    }

    /// <summary>Whether the batch has a job that the caller made: who sees only his own knows of no other.</summary>
    private async Task<bool> HasOwnAsync(Guid batch, Caller caller)
    {
        var own = new JobQuery([], null, null, null, null, 1)
        {
            Batch = batch.ToString(), MadeBy = caller.MadeBy(), Requester = caller.Acts ? caller.Person : null,
        };
        return (await store.ListAsync(own, CancellationToken.None)).Jobs.Count > 0;
    }

    /// <summary>Makes the job, or settles with the one that has its unique key.</summary>
    private async Task<Created> CreateOrFindAsync(NewJob job, Func<Job, bool> maySee)
    {
        for (var settling = 0; settling < MostSettlings; settling++)
        {
            var created = await calls.CreateAsync(job);
            if (created.Refused is not UniqueInsert) return created;
            if (await SettleAsync(job, maySee) is not { } holder) continue;
            if (job.Key is { } key) await store.NoteFoundAsync(key, holder.Id);
            return new Created(null, null) { Found = holder };
        }
        throw Duplicate(job.Unique!, null);
    }

    /// <summary>The one that waits gets the payload and the time of the new.</summary>
    private Task<JobReply?> ReplaceAsync(Job holder, NewJob job) => calls.ApplyAsync(holder.Id, new Edited(job.Now, job.Maker.Actor,
        new JobEdit { Payload = job.Payload, RunAt = job.RunAt ?? 0, IsDelay = job.IsDelay }));
}
