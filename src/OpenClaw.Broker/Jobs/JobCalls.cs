using System.Collections.Concurrent;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Jobs;

/// <summary>The only way to change a job: makes or changes it, and then lets everybody hear of it.</summary>
internal sealed class JobCalls(JobGrains jobs, IJobStore store, FreshJobs fresh, IEnumerable<INewsSink> sinks, Clock clock, BrokerOptions options)
{
    private readonly INewsSink[] sinks = [.. sinks];
    private readonly ConcurrentDictionary<string, bool> queues = new(StringComparer.Ordinal);

    /// <summary>Now as people's clocks show it, in milliseconds since 1970.</summary>
    public long Now => clock.Wall;

    public SteadyTime SteadyNow => clock.SteadyNow;

    /// <summary>The queues that were named since the file was made.</summary>
    public ICollection<string> Queues => queues.Keys;

    public bool HasQueue(string name) => queues.ContainsKey(name);

    /// <summary>To be called before the first request.</summary>
    public async Task LoadAsync()
    {
        queues[QueueNames.Default] = true;
        foreach (var name in await store.ReadQueueNamesAsync()) queues[name] = true;
    }

    /// <summary>Makes a job, or finds what its key made before. A new row has no earlier state to protect, so its maker writes it.</summary>
    /// <exception cref="TooManyQueuesException">Its queue would be one too many.</exception>
    public async Task<Created> CreateAsync(NewJob job)
    {
        var isNewQueue = !queues.ContainsKey(job.Queue);
        if (isNewQueue && queues.Count >= QueueNames.Most) throw new TooManyQueuesException();
        var row = new Job
        {
            Id = Guid.CreateVersion7(), // grows with time, so that new rows lie side by side in the index
            Version = 1,
            Queue = job.Queue,
            Command = job.Command,
            Requires = job.Requires,
            Lane = job.Lane,
            CreatedAt = job.Now,
        };
        var created = await store.InsertAsync(row, job.Payload, job.Key, isNewQueue);
        if (created.Job is not { } written) return created;
        if (isNewQueue) queues[job.Queue] = true;
        fresh.Add(written, job.Payload);
        await TellAsync(written, leaseMs: null);
        return created;
    }

    /// <summary>Lets an event happen to a job.</summary>
    /// <returns>The job as it is now, also when it refused; null where there is none.</returns>
    public async Task<JobReply?> ApplyAsync(Guid id, JobEvent e)
    {
        var reply = await jobs[id].ApplyAsync(e);
        // Who believed the job to be otherwise hears of it also where nothing changed.
        if (reply is not null && (reply.Refusal == Refusal.None || e is Claimed or LeaseEnded)) await TellAsync(reply.Job, e is CancelRequested ? null : options.LeaseMs);
        return reply;
    }

    /// <summary>The payload of a job that was just claimed.</summary>
    public ValueTask<byte[]> ReadPayloadAsync(Job job) => fresh.TakePayload(job) is { } payload ? ValueTask.FromResult(payload) : store.ReadPayloadAsync(job.Seq);

    private async ValueTask TellAsync(Job job, long? leaseMs)
    {
        var news = JobNews.Of(job, clock.SteadyNow, leaseMs);
        foreach (var sink in sinks) await sink.Heard(news);
    }
}

/// <summary>One queue more than there may be.</summary>
internal sealed class TooManyQueuesException() : Exception($"there are {QueueNames.Most} queues, as many as there may be; use one of them");
