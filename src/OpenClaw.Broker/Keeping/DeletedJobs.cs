using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Keeping;

/// <summary>Within a minute or so what a person deleted is out of the database's log, too.</summary>
internal sealed class DeletedJobs(IJobStore store, TimeProvider clock) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken)) await store.ClearDeletedAsync();
    }
}
