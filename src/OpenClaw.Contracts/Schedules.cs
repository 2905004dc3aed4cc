using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace OpenClaw.Contracts;

/// <summary>The body of <c>POST /schedules</c>, with the most usual of its fields.</summary>
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

/// <summary>The answer of <c>GET /schedules</c>.</summary>
/// <param name="Next">The <c>cursor</c> of the next page; null on the last.</param>
public sealed record SchedulePage(IReadOnlyList<ScheduleView> Schedules, string? Next);

/// <summary>A schedule: times at which it makes a job, and the job. Times are whole seconds since 1970.</summary>
/// <param name="Next">The next ticks; none in a pause.</param>
/// <param name="Kept">A tick that waits until the last job has ended.</param>
/// <param name="Missed">How many ticks made no job because nobody was there, or because it was refused.</param>
/// <param name="Skipped">How many made none because the job before had not ended.</param>
/// <param name="Version">Grows with what people change.</param>
public sealed record ScheduleView(
    string Name, string? Cron, int? EverySeconds, string TimeZone, string CatchUp, int CatchUpWindowSeconds, string Overlap, long? StartAt, long? EndAt,
    int JitterSeconds, string Command, IReadOnlyList<long> Next, ScheduleTick? Last, long? Kept, SchedulePause? Paused, long Missed, long Skipped,
    long CreatedAt, string MadeBy, long Version)
{
    /// <summary>What it makes, as it was sent; null in lists.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonObject? Job { get; init; }
}

/// <summary>A tick and the id of its job.</summary>
public sealed record ScheduleTick(long Tick, string Job);

/// <summary>Who paused a schedule, and why.</summary>
public sealed record SchedulePause(string By, string? Reason, long Since);

/// <summary>The answer of <c>GET /schedules/{name}/preview</c>.</summary>
public sealed record ScheduleTicks(IReadOnlyList<long> Next);

/// <summary>The answer of <c>POST /schedules/{name}/pause</c> and <c>/resume</c>.</summary>
public sealed record PausedSchedule(bool Ok, string Name, bool Paused);

/// <summary>The answer of <c>POST /schedules/{name}/run</c>.</summary>
/// <param name="Id">The job's.</param>
public sealed record RunSchedule(bool Ok, string Id);

/// <summary>The body of <c>POST /schedules/{name}/backfill</c>.</summary>
/// <param name="From">Inclusive, as <paramref name="To"/>.</param>
public sealed record BackfillBody(long From, long To);

/// <summary>The answer of <c>POST /schedules/{name}/backfill</c>.</summary>
/// <param name="Made">How many jobs; the other ticks had theirs.</param>
public sealed record BackfilledSchedule(bool Ok, int Made, int Ticks);

/// <summary>The answer of <c>DELETE /schedules/{name}</c>.</summary>
public sealed record DeletedSchedule(bool Ok, string Name);
