using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Schedules;

/// <summary>At the start every schedule is loaded; it then makes what is due. One that can't be keeps nobody from starting.</summary>
internal sealed partial class ScheduleStarter(IGrainFactory grains, IStore store, ILogger<ScheduleStarter> log) : IStartupTask
{
    private const int AtOnce = 16;

    public async Task Execute(CancellationToken cancellationToken)
    {
        var names = await store.ReadAsync(ScheduleTable.Names, cancellationToken);
        await Parallel.ForEachAsync(names, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (name, _) =>
        {
            try
            {
                await grains.GetGrain<IScheduleGrain>(name).WakeAsync();
            }
            catch (Exception e)
            {
                LogNotWoken(e, name);
            }
        });
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Schedule {Schedule} could not be loaded; its reminder tries again within a minute")]
    private partial void LogNotWoken(Exception e, string schedule);
}
