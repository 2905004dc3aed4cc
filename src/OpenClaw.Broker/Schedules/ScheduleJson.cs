using System.Text.Json;
using OpenClaw.Broker.Access;

namespace OpenClaw.Broker.Schedules;

/// <summary>A schedule as the wire shows it.</summary>
internal static class ScheduleJson
{
    /// <param name="job">The JSON of what it makes; lists leave it out.</param>
    /// <param name="next">The ticks to come.</param>
    public static void Write(Utf8JsonWriter json, Schedule schedule, string? job, IEnumerable<long> next)
    {
        json.WriteStartObject();
        json.WriteString("name", schedule.Name);
        json.WriteString("cron", schedule.Cron);
        WriteNumber(json, "every_seconds", schedule.EverySeconds);
        json.WriteString("time_zone", schedule.TimeZone);
        json.WriteString("catch_up", schedule.CatchUp.Name());
        json.WriteNumber("catch_up_window_seconds", schedule.CatchUpWindowSeconds);
        json.WriteString("overlap", schedule.Overlap.Name());
        WriteNumber(json, "start_at", schedule.StartAt / 1000);
        WriteNumber(json, "end_at", schedule.EndAt / 1000);
        json.WriteNumber("jitter_seconds", schedule.JitterSeconds);
        json.WriteString("command", schedule.Command);
        if (job is not null)
        {
            json.WritePropertyName("job");
            json.WriteRawValue(job);
        }
        WriteTimes(json, next);
        WriteLast(json, schedule);
        WriteNumber(json, "kept", schedule.KeptTick / 1000);
        WritePause(json, schedule);
        json.WriteNumber("missed", schedule.Missed);
        json.WriteNumber("skipped", schedule.Skipped);
        json.WriteNumber("created_at", schedule.CreatedAt / 1000);
        json.WriteString("made_by", schedule.MadeBy ?? Token.BotName);
        json.WriteNumber("version", schedule.Version);
        json.WriteEndObject();
    }

    public static void WriteTimes(Utf8JsonWriter json, IEnumerable<long> next)
    {
        json.WriteStartArray("next");
        foreach (var tick in next) json.WriteNumberValue(tick / 1000);
        json.WriteEndArray();
    }

    private static void WriteLast(Utf8JsonWriter json, Schedule schedule)
    {
        if (schedule is not { LastTick: { } tick, LastJob: { } job })
        {
            json.WriteNull("last");
            return;
        }
        json.WriteStartObject("last");
        json.WriteNumber("tick", tick / 1000);
        json.WriteString("job", job);
        json.WriteEndObject();
    }

    private static void WritePause(Utf8JsonWriter json, Schedule schedule)
    {
        if (schedule is not { PausedAt: { } since })
        {
            json.WriteNull("paused");
            return;
        }
        json.WriteStartObject("paused");
        json.WriteString("by", schedule.PausedBy);
        json.WriteString("reason", schedule.PauseReason);
        json.WriteNumber("since", since / 1000);
        json.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number) json.WriteNumber(name, number);
        else json.WriteNull(name);
    }
}
