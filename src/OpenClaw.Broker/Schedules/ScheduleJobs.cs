using System.Text;
using OpenClaw.Broker.Access;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Schedules;

/// <summary>Makes a schedule's jobs, for whoever said what it makes; within the rate of that token, where it is still there.</summary>
internal sealed class ScheduleJobs(IStore store, JobReader reader, JobCreation creation, Tokens tokens)
{
    /// <param name="also">What is written in the same commit.</param>
    /// <returns>The job; or the change that was refused: one of the others, or the job's own where the tick has one. Null where the schedule is gone.</returns>
    /// <exception cref="Http.ProblemException">It is refused.</exception>
    public Task<Created?> MakeAsync(Schedule schedule, long tick, Guid id, params Change[] also) =>
        MakeAsync(schedule, tick, id, null, also);

    /// <summary>A job beside the schedule's ticks.</summary>
    /// <exception cref="Http.ProblemException">It is refused.</exception>
    public Task<Created?> MakeNowAsync(Schedule schedule, IdempotencyKey? key) => MakeAsync(schedule, null, Guid.CreateVersion7(), key, []);

    private async Task<Created?> MakeAsync(Schedule schedule, long? tick, Guid id, IdempotencyKey? key, Change[] also)
    {
        if (await store.ReadAsync(ScheduleTable.Job(schedule.Name)) is not [var json]) return null;
        var maker = new Maker(schedule.MadeBy, $"{schedule.Actor} by schedule {schedule.Name}", schedule.MaxQueued);
        var job = reader.Read(Encoding.UTF8.GetBytes(json), maker, schedule.Person);
        if (tick is not null && schedule.JitterSeconds > 0)
        {
            var delay = Random.Shared.NextInt64(schedule.JitterSeconds * 1000L + 1);
            job = job with { RunAt = (job.RunAt ?? job.Now) + delay, IsDelay = job.RunAt is null || job.IsDelay };
        }
        return await creation.CreateAsync(job with { Id = id, Key = key, Schedule = schedule.Name, Tick = tick, Also = also },
            tokens.Named(schedule.MadeBy ?? Token.BotName));
    }
}
