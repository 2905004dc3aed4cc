using System.Text;
using System.Text.Json;
using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Schedules;

/// <summary>Reads what people say of a schedule: all of a new one, or what changes of one that is there.</summary>
internal sealed class ScheduleReader(JobReader jobs, Clock clock)
{
    private const int MostSeconds = 366 * 24 * 3600;
    private const int MaxCronBytes = 256;
    private const int MaxZoneBytes = 64;
    private const int MaxNameLength = 64;
    private const long LastMoment = 253402300799; // of the year 9999

    private static readonly string[] Names =
    [
        "name", "cron", "every_seconds", "time_zone", "catch_up", "catch_up_window_seconds", "overlap", "start_at", "end_at", "jitter_seconds", "job",
    ];

    /// <summary>A schedule's name is 1 to 64 of <c>A-Z a-z 0-9 . _ -</c>, and begins with no underscore.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= MaxNameLength && name[0] != '_' && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    /// <summary>A new schedule and the JSON of its job.</summary>
    /// <exception cref="ProblemException">Something is wrong with it.</exception>
    public (Schedule Schedule, string Job) ReadNew(HttpContext context, byte[] body)
    {
        var fields = RequestBody.Parse(context, body, Names);
        var errors = new FieldErrors();
        var name = Encoding.UTF8.GetString(errors.Text("name", fields[0]));
        if (fields[0].Type == JsonTokenType.String && !IsName(name))
        {
            errors.Add("name", "must be 1 to 64 of the characters A-Z a-z 0-9 . _ -, and not begin with _", "value_error");
        }
        if (IsMissing(fields[10])) errors.Add("job", "field required: what is made at each tick, as in POST /jobs", "missing");
        var (schedule, job) = Read(context, fields, new Schedule { Name = name, CreatedAt = clock.Wall }, errors);
        return (schedule, job!);
    }

    /// <summary>The schedule as it is to be, and the JSON of its job where that changes.</summary>
    /// <exception cref="ProblemException">Something is wrong with it.</exception>
    public (Schedule Schedule, string? Job) ReadChange(HttpContext context, byte[] body, Schedule before)
    {
        var fields = RequestBody.Parse(context, body, Names);
        var errors = new FieldErrors();
        if (!IsMissing(fields[0]) && !(fields[0].Text is { } name && Encoding.UTF8.GetString(name) == before.Name))
        {
            errors.Add("name", "can't be changed; make a schedule of the new name and delete this one", "value_error");
        }
        return Read(context, fields, before, errors);
    }

    /// <summary>What is missing stays as it was; null is the default.</summary>
    private (Schedule Schedule, string? Job) Read(HttpContext context, JsonField[] fields, Schedule before, FieldErrors errors)
    {
        var fresh = new Schedule { Name = before.Name };
        var (hasCron, hasEvery) = (!IsMissing(fields[1]), !IsMissing(fields[2]));
        if (hasCron && hasEvery) errors.Add("every_seconds", "give cron or every_seconds, not both", "value_error");
        var schedule = before with
        {
            Cron = hasCron ? Text("cron", fields[1], MaxCronBytes) : hasEvery || fields[1].Type == JsonTokenType.Null ? null : before.Cron,
            EverySeconds = hasEvery ? (int?)errors.WholeNumber("every_seconds", fields[2], 1, MostSeconds)
                : hasCron || fields[2].Type == JsonTokenType.Null ? null : before.EverySeconds,
            TimeZone = Value(3, before.TimeZone, fresh.TimeZone, f => Text("time_zone", f, MaxZoneBytes)),
            CatchUp = Value(4, before.CatchUp, fresh.CatchUp, f => Word("catch_up", f, ScheduleWords.ParseCatchUp, ScheduleWords.AllCatchUps)),
            CatchUpWindowSeconds = Value(5, before.CatchUpWindowSeconds, fresh.CatchUpWindowSeconds, f => Seconds("catch_up_window_seconds", f, MostSeconds)),
            Overlap = Value(6, before.Overlap, fresh.Overlap, f => Word("overlap", f, ScheduleWords.ParseOverlap, ScheduleWords.AllOverlaps)),
            StartAt = Value(7, before.StartAt, null, f => errors.WholeNumber("start_at", f, 0, LastMoment) * 1000),
            EndAt = Value(8, before.EndAt, null, f => errors.WholeNumber("end_at", f, 0, LastMoment) * 1000),
            JitterSeconds = Value(9, before.JitterSeconds, 0, f => Seconds("jitter_seconds", f, 24 * 3600)),
        };
        if (!hasCron && !hasEvery && schedule is { Cron: null, EverySeconds: null })
        {
            errors.Add("cron", "give cron, such as \"30 3 * * 1-5\", or every_seconds, such as 300", "missing");
        }
        if (schedule.EndAt < schedule.StartAt) errors.Add("end_at", "is before start_at", "value_error");
        else if (!IsMissing(fields[8]) && schedule.EndAt <= clock.Wall) errors.Add("end_at", "must be a time to come, in seconds since 1970", "value_error");
        if (!IsMissing(fields[10]) && fields[10].Type != JsonTokenType.StartObject)
        {
            errors.Add("job", "must be an object such as {\"command\": \"ping\", \"payload\": \"hello\"}", "object_type");
        }
        errors.Check();
        CheckTimes(schedule, errors);
        return IsMissing(fields[10]) ? (schedule, null) : ReadJob(context.GetCaller(), schedule, fields[10].Json);

        T Value<T>(int field, T before, T fresh, Func<JsonField, T> read) => fields[field].Type switch
        {
            JsonTokenType.None => before,
            JsonTokenType.Null => fresh,
            _ => read(fields[field]),
        };

        string Text(string name, JsonField field, int maxBytes) => Encoding.UTF8.GetString(errors.OptionalText(name, field, maxBytes) ?? []);

        int Seconds(string name, JsonField field, int most) => (int)(errors.WholeNumber(name, field, 0, most) ?? 0);

        T Word<T>(string name, JsonField field, Func<string?, T?> parse, string all)
            where T : struct
        {
            if (field.Text is { } text && parse(Encoding.UTF8.GetString(text)) is { } word) return word;
            errors.Add(name, $"must be one of {all}", "value_error");
            return default;
        }
    }

    private static void CheckTimes(Schedule schedule, FieldErrors errors)
    {
        try
        {
            Rhythm.Zone(schedule.TimeZone); // also where every_seconds has no use for it
            Rhythm.Of(schedule);
        }
        catch (RhythmException e)
        {
            errors.Add(e.WrongField, e.Message, e.WrongField);
        }
        errors.Check();
    }

    /// <summary>Whoever says what is made answers for it from then on.</summary>
    private (Schedule Schedule, string? Job) ReadJob(Caller caller, Schedule schedule, ReadOnlyMemory<byte> json)
    {
        var job = jobs.Read(json, caller, "job");
        if (job.Signature is not null)
        {
            var errors = new FieldErrors("job");
            errors.Add("signature", "is good for one job, and a schedule makes many; runners that run only what is signed take none of them", "value_error");
            errors.Check();
        }
        if (job.ParentNames.Count > 0 || job.Batch is not null)
        {
            var errors = new FieldErrors("job");
            errors.Add(job.Batch is null ? "depends_on" : "batch", "is good for one job, and a schedule makes many; leave it out", "value_error");
            errors.Check();
        }
        var made = schedule with
        {
            Command = job.Command, MadeBy = caller.MadeBy(), Actor = caller.Name, Person = caller.Person, MaxQueued = caller.Token.MaxQueued,
        };
        return (made, Encoding.UTF8.GetString(json.Span));
    }

    private static bool IsMissing(JsonField field) => field.Type is JsonTokenType.None or JsonTokenType.Null;
}
