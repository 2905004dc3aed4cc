using System.Collections.Concurrent;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Queues;

/// <summary>
/// This process's ways to all queues; it hears of jobs and hands the news to the queue that each is in, until the silo stops:
/// the table knows what the queues then forget.
/// </summary>
internal sealed class QueueLinks(IGrainFactory grains, QueueLimits limits, Clock clock, ILogger<QueueLink> log)
    : INewsSink, ILifecycleParticipant<ISiloLifecycle>
{
    private readonly ConcurrentDictionary<string, (QueueLink Link, IQueueGrain Grain)> links = new(StringComparer.Ordinal);

    public ValueTask Heard(JobNews news) => news.LeftQueue is { } left ? MovedAsync(left, news) : Get(news.Queue).Link.TellAsync(news);

    public QueueLink this[string queue] => Get(queue).Link;

    /// <summary>To be called where a queue is no more.</summary>
    public void Forget(string queue) => links.TryRemove(queue, out _);

    public IQueueGrain Grain(string queue) => Get(queue).Grain;

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(QueueLinks), ServiceLifecycleStage.Last, static _ => Task.CompletedTask, cancel =>
            Task.WhenAll(links.Values.Select(l => l.Link.CloseAsync(cancel))));

    /// <summary>The queue that a job has left forgets it as one that has ended.</summary>
    private async ValueTask MovedAsync(string left, JobNews news)
    {
        await Get(left).Link.TellAsync(news with { State = JobState.Cancelled, IsReady = false });
        await Get(news.Queue).Link.TellAsync(news);
    }

    private (QueueLink Link, IQueueGrain Grain) Get(string queue) => links.TryGetValue(queue, out var link) ? link : links.GetOrAdd(queue, Make);

    private (QueueLink Link, IQueueGrain Grain) Make(string queue)
    {
        var grain = grains.GetGrain<IQueueGrain>(queue);
        return (new QueueLink(queue, grain, limits, clock, log), grain);
    }
}
