using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Store;

/// <summary>Work on the store that comes back every so often. Where the store refuses it, it is tried again the next time.</summary>
/// <param name="what">What it is, for the log: "old keys are dropped".</param>
internal abstract partial class Chore(TimeSpan every, string what, Clock clock, ILogger log) : BackgroundService
{
    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(every, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await DoAsync(stoppingToken);
            }
            catch (Exception e) when (e is StorageBusyException or StorageFullException or StorageFailedException)
            {
                LogPutOff(e, what, every);
            }
        }
    }

    protected abstract Task DoAsync(CancellationToken stop);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The store refused a chore: {What}; it is tried again in {Every}")]
    private partial void LogPutOff(Exception e, string what, TimeSpan every);
}
