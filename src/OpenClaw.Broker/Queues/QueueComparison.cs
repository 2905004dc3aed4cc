using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Queues;

/// <summary>Every 30 s all queues of this process are compared with the table at once, so that a lost message costs seconds, never a job.</summary>
internal sealed partial class QueueComparison(
    QueueLinks queues, IJobStore store, Clock clock, BrokerOptions options, IHostApplicationLifetime lifetime,
    ILogger<QueueComparison> log)
    : BackgroundService
{
    /// <summary>About how many ready and how many running rows a comparison looks at.</summary>
    private const int Heads = 1000;

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        while (await timer.WaitForNextTickAsync(lifetime.ApplicationStopping)) await CompareAsync();
    }

    private async Task CompareAsync()
    {
        try
        {
            var names = await UnfinishedAsync();
            await Task.WhenAll(names.Select(n => queues.Grain(n).BeginComparisonAsync()));
            ILookup<string, JobNews>? rows = null;
            try
            {
                rows = (await store.ReadHeadsAsync(Heads)).Select(j => JobNews.Of(j, clock.SteadyNow, options.LeaseMs)).ToLookup(static n =>
                    n.Queue, StringComparer.Ordinal);
            }
            finally
            {
                await Task.WhenAll(names.Select(n => queues.Grain(n).EndComparisonAsync(rows is null ? null : [.. rows[n]])));
            }
        }
        catch (Exception e) when (!lifetime.ApplicationStopping.IsCancellationRequested)
        {
            LogCompare(e);
        }
    }

    /// <summary>The queues that have anything to compare.</summary>
    private async Task<List<string>> UnfinishedAsync() =>
        [.. (await store.ReadCountsAsync()).Where(static c =>
            c.State is not (JobState.Done or JobState.Failed or JobState.Cancelled)).Select(static c => c.Queue).Distinct()];

    [LoggerMessage(Level = LogLevel.Warning, Message = "The queues could not compare themselves with the table; tried again in 30 s")]
    private partial void LogCompare(Exception e);
}
