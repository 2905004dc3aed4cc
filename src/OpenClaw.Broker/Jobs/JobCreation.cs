using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Jobs;

/// <summary>Makes jobs for callers.</summary>
internal sealed class JobCreation(JobCalls calls, BrokerOptions options)
{
    private const int FullRetrySeconds = 10;

    /// <summary>Creates the job within the rates of the caller's token, and of the person's own for whom it speaks; what is refused counts nothing.</summary>
    /// <exception cref="ProblemException">429: a rate or a limit is reached.</exception>
    public async Task<Created> CreateAsync(NewJob job, Caller caller)
    {
        var places = new List<(Credential Credential, LinkedListNode<long> Place)>(2);
        var isCreated = false;
        try
        {
            Count(caller.Credential);
            if (caller.Own is { } own) Count(own);
            var created = await calls.CreateAsync(job);
            isCreated = created.Job is not null;
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
}
