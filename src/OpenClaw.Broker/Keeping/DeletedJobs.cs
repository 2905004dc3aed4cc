using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Keeping;

/// <summary>Within a minute or so what a person deleted is out of the database and its log.</summary>
internal sealed partial class DeletedJobs(IJobStore store, TimeProvider clock, ILogger<DeletedJobs> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken)) await ClearAsync();
    }

    private async Task ClearAsync()
    {
        try
        {
            await store.ClearDeletedAsync();
        }
        catch (Exception e) when (e is StorageBusyException or StorageFullException or StorageFailedException)
        {
            LogNotCleared(e);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What is left of deleted jobs could not be cleared away; tried again in a minute")]
    private partial void LogNotCleared(Exception e);
}
