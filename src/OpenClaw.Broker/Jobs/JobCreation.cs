using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Jobs;

/// <summary>Makes jobs for callers.</summary>
internal sealed class JobCreation(JobCalls calls, IJobStore store, BrokerOptions options)
{
    /// <summary>How often a conflict over a unique key is settled anew, since its holder moves on meanwhile.</summary>
    private const int MostSettlings = 3;

    private const int FullRetrySeconds = 10;

    /// <summary>Creates the job within the rates of the caller's token, and of the person's own for whom it speaks; what is refused counts nothing.</summary>
    /// <exception cref="ProblemException">429: a rate or a limit is reached.</exception>
    public Task<Created> CreateAsync(NewJob job, Caller caller) => CreateAsync(job, caller.MaySee, caller.Credential, caller.Own);

    /// <summary>Creates it for nobody who asks just now, within the rate of the token that once did, where it is still there.</summary>
    /// <exception cref="ProblemException">429: a rate or a limit is reached.</exception>
    public Task<Created> CreateAsync(NewJob job, Credential? maker) => CreateAsync(job, other => other.MadeBy == job.Maker.Token, maker);

    /// <param name="maySee">Whether who makes it may know of another job: one that has its unique key is answered and changed only then.</param>
    private async Task<Created> CreateAsync(NewJob job, Func<Job, bool> maySee, params Credential?[] counted)
    {
        var places = new List<(Credential Credential, LinkedListNode<long> Place)>(2);
        var isCreated = false;
        try
        {
            foreach (var credential in counted) if (credential is not null) Count(credential);
            var created = await CreateOrFindAsync(job, maySee);
            isCreated = created.Job is not null && created.Found is null;
            return created;
        }
        catch (QueueFullException e)
        {
            throw new ProblemException(StatusCodes.Status429TooManyRequests, ErrorCodes.QueueFull, e.Message)
            {
                RetryAfter = FullRetrySeconds, Reached = (e.Depth, e.Limit),
            };
        }
        finally
        {
            if (!isCreated) foreach (var (credential, place) in places) credential.Uncount(place);
        }

        void Count(Credential credential)
        {
            if ((credential.Token.PerMinute ?? options.JobsPerMinute) is not (> 0 and var most)) return;
            if (credential.TryCount(most, calls.SteadyNow.Milliseconds, out var place) is { } seconds)
            {
                throw new ProblemException(StatusCodes.Status429TooManyRequests, ErrorCodes.RateLimited,
                    $"the token '{credential.Token.Name}' may create {most} jobs a minute, and has; try again in {seconds} s") { RetryAfter = seconds };
            }
            places.Add((credential, place!));
        }
    }

    /// <summary>Makes the job, or settles with the one that has its unique key.</summary>
    private async Task<Created> CreateOrFindAsync(NewJob job, Func<Job, bool> maySee)
    {
        Job? holder = null;
        for (var settling = 0; settling < MostSettlings; settling++)
        {
            var created = await calls.CreateAsync(job);
            if (created.Refused is not UniqueInsert || job.Unique is not { } unique) return created;
            if (await store.FindHolderAsync(job.Queue, job.Command, unique.Key) is not { } id || await store.FindAsync(id) is not { } found) continue;
            if (!maySee(found))
            {
                throw new ProblemException(StatusCodes.Status409Conflict, ErrorCodes.Duplicate,
                    $"somebody else's job has the unique key '{unique.Key}'; nothing was created. Use another key");
            }
            holder = found;
            if (unique.OnConflict == OnConflict.Reject) break;
            if (unique.OnConflict == OnConflict.Return || await ReplaceAsync(holder, job) is { Refusal: Refusal.None })
            {
                if (job.Key is { } key) await store.NoteFoundAsync(key, holder.Id);
                return new Created(null, null) { Found = holder };
            }
        }
        throw new ProblemException(StatusCodes.Status409Conflict, ErrorCodes.Duplicate,
            $"job {holder?.Id} has the unique key '{job.Unique!.Key}'; nothing was created. Wait for its end, or use another key")
        {
            State = holder?.State.Name(), JobId = holder?.Id,
        };
    }

    /// <summary>The one that waits gets the payload and the time of the new.</summary>
    private Task<JobReply?> ReplaceAsync(Job holder, NewJob job) => calls.ApplyAsync(holder.Id, new Edited(job.Now, job.Maker.Actor,
        new JobEdit { Payload = job.Payload, RunAt = job.RunAt ?? 0, IsDelay = job.IsDelay }));
}
