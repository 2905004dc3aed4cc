using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Jobs;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Streams;

/// <summary>The only way to add to what a job writes: has its grain write it, and then lets those who follow it know.</summary>
internal sealed class StreamCalls(IGrainFactory grains, IJobStore jobs, JobCalls calls, StreamWaiters waiters, BrokerOptions options)
{
    /// <summary>The job that a request names.</summary>
    /// <exception cref="ProblemException">404: there is none that the caller may see.</exception>
    public async Task<Job> FindAsync(Guid id, Caller caller) =>
        await jobs.FindAsync(id) is { } job && caller.MaySee(job) ? job : throw ProblemException.JobNotFound();

    /// <exception cref="ProblemException">404: there is no such job. 409: the token is stale, a number is missing, or nothing is kept any more.</exception>
    public async Task<Appended> AppendAsync(Guid id, string? token, string? worker, IReadOnlyList<NewChunk> chunks)
    {
        if (chunks.Any(static c => c.Type == ChunkTypes.Heartbeat)) await BeatAsync(id, token, worker);
        var appended = await grains.GetGrain<IStreamGrain>(id).AppendAsync(token, chunks);
        if (appended.Job is not { } job) throw ProblemException.JobNotFound();
        switch (appended.Refusal)
        {
            case AppendRefusal.LeaseLost:
                throw Ends.LeaseLost(job);
            case AppendRefusal.Gap:
                throw new ProblemException(StatusCodes.Status409Conflict, ErrorCodes.ChunkGap,
                    $"number {appended.NextN} of this attempt is missing; send on from there. Nothing of this call was kept")
                {
                    State = job.State.Name(), NextN = appended.NextN,
                };
            case AppendRefusal.Pruned:
                throw new ProblemException(StatusCodes.Status409Conflict, ErrorCodes.ChunksPruned,
                    $"the job ended more than {ChunkLimits.Age.TotalHours} hours ago: what it wrote is no longer kept") { State = job.State.Name() };
        }
        waiters.Tell(id);
        return appended;
    }

    /// <summary>Renews the lease where it is the sender's; who knows no tokens is told nothing, as by the Python broker.</summary>
    private async Task BeatAsync(Guid id, string? token, string? worker)
    {
        var reply = await calls.ApplyAsync(id, new Heartbeat(calls.Now, token, worker, calls.Now + options.LeaseMs));
        if (token is not null && reply is { Refusal: Refusal.LeaseLost, Job: var job } && token != job.LeaseToken) throw Ends.LeaseLost(job);
    }
}
