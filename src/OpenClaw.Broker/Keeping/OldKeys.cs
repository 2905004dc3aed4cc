using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Keeping;

/// <summary>Drops idempotency keys that are older than a day of the steady clock, and has the file remember that clock.</summary>
internal sealed partial class OldKeys(IJobStore store, Clock clock, ILogger<OldKeys> log) : BackgroundService
{
    private static readonly TimeSpan Age = TimeSpan.FromHours(25);
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken)) await DropAsync(stoppingToken);
    }

    private async Task DropAsync(CancellationToken stop)
    {
        try
        {
            var now = clock.SteadyNow;
            while (await store.PurgeKeysAsync(now - (long)Age.TotalMilliseconds, now) > 0 && !stop.IsCancellationRequested)
            {
            }
        }
        catch (Exception e) when (e is StorageBusyException or StorageFullException or StorageFailedException)
        {
            LogNotDropped(e);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Old idempotency keys could not be dropped; tried again in ten minutes")]
    private partial void LogNotDropped(Exception e);
}
