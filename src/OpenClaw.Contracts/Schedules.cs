using System.Text.Json.Serialization;

namespace OpenClaw.Contracts;

/// <summary>The body of <c>POST /schedules</c>.</summary>
/// <param name="Job">What is made at each tick.</param>
public sealed record NewSchedule(string Name, CreateJob Job)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Cron { get; init; }

    /// <summary>Instead of <see cref="Cron"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? EverySeconds { get; init; }

    /// <summary>An IANA name; null for UTC.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TimeZone { get; init; }

    /// <summary><c>allow</c>, <c>skip</c>, <c>queue_one</c> or <c>cancel_other</c>; null for the first.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Overlap { get; init; }
}

/// <summary>A schedule as lists show it.</summary>
/// <param name="Command">Of its job.</param>
/// <param name="Next">Its next ticks; none in a pause.</param>
public sealed record ScheduleView(string Name, string Command, string TimeZone, IReadOnlyList<long> Next)
{
    public string? Cron { get; init; }
    public int? EverySeconds { get; init; }
    public ScheduledJob? Last { get; init; }
    public SchedulePause? Paused { get; init; }
}

/// <summary>The job of a tick.</summary>
public sealed record ScheduledJob(long Tick, string Job);

/// <summary>Who paused a schedule, and why.</summary>
public sealed record SchedulePause(string By, string? Reason, long Since);

/// <summary>The answer of <c>GET /schedules</c>.</summary>
public sealed record SchedulePage(IReadOnlyList<ScheduleView> Schedules, string? Next);

/// <summary>The answer of <c>DELETE /schedules/{name}</c> and of <c>pause</c> and <c>resume</c>.</summary>
public sealed record ChangedSchedule(bool Ok, string Name);
