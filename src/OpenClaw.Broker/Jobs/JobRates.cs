using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Jobs;

/// <summary>Counts new jobs against the rates of the tokens that ask for them.</summary>
internal sealed class JobRates(JobCalls calls, BrokerOptions options)
{
    /// <summary>Counts a job against each.</summary>
    /// <exception cref="ProblemException">429: a rate is reached, and nothing is counted.</exception>
    public Counted Count(params ReadOnlySpan<Credential?> credentials)
    {
        var counted = new Counted();
        try
        {
            foreach (var credential in credentials) if (credential is not null) Count(counted, credential);
        }
        catch (ProblemException)
        {
            counted.TakeBack();
            throw;
        }
        return counted;
    }

    private void Count(Counted counted, Credential credential)
    {
        if ((credential.Token.PerMinute ?? options.JobsPerMinute) is not (> 0 and var most)) return;
        if (credential.TryCount(most, calls.SteadyNow.Milliseconds, out var place) is { } seconds)
        {
            throw new ProblemException(StatusCodes.Status429TooManyRequests, ErrorCodes.RateLimited,
                $"rate limit exceeded: the token '{credential.Token.Name}' may create {most} jobs a minute; try again in {seconds} s") { RetryAfter = seconds };
        }
        counted.Add(credential, place!);
    }
}

/// <summary>Where a job was counted.</summary>
internal sealed class Counted
{
    private readonly List<(Credential Credential, LinkedListNode<long> Place)> places = new(2);

    public void Add(Credential credential, LinkedListNode<long> place) => places.Add((credential, place));

    /// <summary>It was not made.</summary>
    public void TakeBack()
    {
        foreach (var (credential, place) in places) credential.Uncount(place);
    }
}
