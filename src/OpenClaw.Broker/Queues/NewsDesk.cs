using System.Collections.Concurrent;
using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Queues;

/// <summary>
/// Hands a job's news on to its queue and to those who wait for its end. What comes in while a message is under way
/// travels in the next one, so a busy queue gets few messages.
/// </summary>
internal sealed partial class NewsDesk(BrokerGrains grains, EndWaiters endWaiters, ILogger<NewsDesk> log)
{
    private readonly ConcurrentDictionary<string, Outbox> outboxes = new();

    /// <summary>Completes when the queue knows. Never fails: the write is done, and the queue finds what it missed.</summary>
    public Task PublishAsync(Job job)
    {
        if (job.IsFinal) endWaiters.Ended(job.Id);
        return outboxes.GetOrAdd(job.Queue, queue => new Outbox(jobs => DeliverAsync(queue, jobs))).AddAsync(job);
    }

    private async Task DeliverAsync(string queue, Job[] jobs)
    {
        try
        {
            await grains.Queue(queue).ObserveAsync(jobs);
        }
        catch (Exception e)
        {
            LogLost(e, jobs.Length, queue);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "News of {Count} jobs did not reach queue {Queue}; it finds them in the table within 30 s")]
    private partial void LogLost(Exception e, int count, string queue);

    private sealed class Outbox(Func<Job[], Task> deliver)
    {
        private readonly Lock gate = new();
        private List<Job> next = [];
        private Task? nextDelivery;
        private Task current = Task.CompletedTask;

        public Task AddAsync(Job job)
        {
            lock (gate)
            {
                if (current.IsCompleted) return current = deliver([job]);
                next.Add(job);
                return nextDelivery ??= DeliverNextAsync(current);
            }
        }

        private async Task DeliverNextAsync(Task before)
        {
            await before.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // never inside the caller's lock
            Task delivery;
            lock (gate)
            {
                var jobs = next.ToArray();
                next = [];
                nextDelivery = null;
                delivery = current = deliver(jobs);
            }
            await delivery.ConfigureAwait(false);
        }
    }
}
