using System.Collections.Concurrent;
using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Schedules;

/// <summary>Which schedules of this process wait for the end of a job, so that they hear of it at once; they look for themselves, too.</summary>
internal sealed partial class ScheduleEnds(IGrainFactory grains, ILogger<ScheduleEnds> log) : INewsSink
{
    private readonly ConcurrentDictionary<Guid, string> waiting = new();

    public void Watch(Guid job, string schedule) => waiting[job] = schedule;

    public ValueTask Heard(JobNews news)
    {
        if (news.IsFinal && waiting.TryRemove(news.Id, out var schedule)) _ = WakeAsync(schedule);
        return ValueTask.CompletedTask;
    }

    private async Task WakeAsync(string schedule)
    {
        try
        {
            await grains.GetGrain<IScheduleGrain>(schedule).WakeAsync();
        }
        catch (Exception e)
        {
            LogNotWoken(e, schedule);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Schedule {Schedule} could not be told of its job's end; it looks again within 30 s")]
    private partial void LogNotWoken(Exception e, string schedule);
}
