using OpenClaw.Broker.Access;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Keeping;

/// <summary>Drops what the audit holds of more than its days ago; the chain goes on from the last link that was dropped.</summary>
internal sealed partial class OldAudit(IStore store, Clock clock, BrokerOptions options, ILogger<OldAudit> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken)) await DropAsync(stoppingToken);
    }

    private async Task DropAsync(CancellationToken stop)
    {
        try
        {
            var before = clock.Wall - (long)TimeSpan.FromDays(options.AuditDays).TotalMilliseconds;
            AuditPurge purge;
            do
            {
                purge = new AuditPurge();
                await store.WriteAsync(new Commit([new AuditMark(before), purge], isEssential: true));
            }
            while (purge.Dropped > 0 && !stop.IsCancellationRequested);
        }
        catch (Exception e) when (e is StorageBusyException or StorageFullException or StorageFailedException)
        {
            LogNotDropped(e);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Old entries of the audit could not be dropped; tried again in an hour")]
    private partial void LogNotDropped(Exception e);
}
