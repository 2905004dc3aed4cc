namespace OpenClaw.Broker.Schedules;

/// <summary>The one authority over one schedule: wakes at its ticks, and writes the tick and its job in one commit.</summary>
[Alias("OpenClaw.IScheduleGrain")]
internal interface IScheduleGrain : IGrainWithStringKey
{
    /// <summary>Loads the schedule, where it is not in memory, and has it look at the clock.</summary>
    [Alias("Wake")]
    Task WakeAsync();

    /// <summary>False where there is one already.</summary>
    /// <param name="job">The JSON of what it makes.</param>
    [Alias("Create")]
    Task<bool> CreateAsync(Schedule schedule, string job);

    /// <summary>Replaces what people say of the schedule.</summary>
    /// <param name="edited">Made of the version that it names.</param>
    /// <param name="job">Null where that stays.</param>
    [Alias("Edit")]
    Task<ScheduleReply> EditAsync(Schedule edited, string? job, string actor);

    /// <summary>Stops its ticks; false where there is no such schedule.</summary>
    [Alias("Pause")]
    Task<bool> PauseAsync(string? reason, string actor);

    /// <summary>Goes on with the next tick to come; false where there is no such schedule.</summary>
    [Alias("Resume")]
    Task<bool> ResumeAsync(string actor);

    /// <summary>False where there is none. The jobs that it made stay.</summary>
    [Alias("Delete")]
    Task<bool> DeleteAsync(string actor);
}

/// <summary>A schedule as it is now, null where there is none, and whether it was changed.</summary>
[GenerateSerializer, Immutable, Alias("OpenClaw.ScheduleReply")]
internal readonly record struct ScheduleReply([property: Id(0)] Schedule? Schedule, [property: Id(1)] bool IsChanged);
