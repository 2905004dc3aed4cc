using System.Globalization;
using System.Text.Json;
using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Schedules;

/// <summary>Making, looking at, changing and driving schedules.</summary>
internal sealed class SchedulesApi(
    IGrainFactory grains, IStore store, ScheduleReader reader, ScheduleJobs jobs, JobCreation creation, Clock clock, BrokerOptions options)
{
    /// <summary>How many there may be.</summary>
    public const int Most = 1000;

    private const int MostBackfilled = 1000;
    private const int DefaultLimit = 50;
    private const int MaxLimit = 200;
    private const int ShownTicks = 5;
    private const int PreviewedTicks = 10;
    private const int RetrySeconds = 60;
    private const int EditTries = 3;
    private const long LastMoment = 253402300799; // of the year 9999

    public void Map(IEndpointRouteBuilder routes)
    {
        var read = routes.MapGroup("/schedules").RequireAuthorization(Rights.ReadSchedules);
        read.MapGet("", (RequestDelegate)ListAsync);
        read.MapGet("/{name}", (RequestDelegate)GetAsync);
        read.MapGet("/{name}/preview", (RequestDelegate)PreviewAsync);
        var change = routes.MapGroup("/schedules").RequireAuthorization(Rights.ChangeSchedules);
        change.MapPost("", (RequestDelegate)CreateAsync);
        change.MapPatch("/{name}", (RequestDelegate)ChangeAsync);
        change.MapDelete("/{name}", (RequestDelegate)DeleteAsync);
        change.MapPost("/{name}/run", (RequestDelegate)RunAsync);
        change.MapPost("/{name}/pause", (RequestDelegate)PauseAsync);
        change.MapPost("/{name}/resume", (RequestDelegate)ResumeAsync);
        change.MapPost("/{name}/backfill", (RequestDelegate)BackfillAsync);
    }

    private async Task ListAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var limit = DefaultLimit;
        if (query["limit"].ToString() is { Length: > 0 } text
            && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > MaxLimit))
        {
            throw ProblemException.BadQuery("limit", $"must be a whole number from 1 to {MaxLimit}");
        }
        var page = await store.ReadAsync(ScheduleTable.Page(query["cursor"].ToString(), limit + 1), context.RequestAborted);
        var hasMore = page.Count > limit;
        if (hasMore) page.RemoveAt(limit);
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("schedules");
            foreach (var schedule in page) ScheduleJson.Write(json, schedule, job: null, Shown(schedule));
            json.WriteEndArray();
            json.WriteString("next", hasMore ? page[^1].Name : null);
            json.WriteEndObject();
        });
    }

    private async Task GetAsync(HttpContext context) => await SendAsync(context, await FindAsync(context));

    private async Task PreviewAsync(HttpContext context)
    {
        var schedule = await FindAsync(context);
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            ScheduleJson.WriteTimes(json, Next(schedule, PreviewedTicks));
            json.WriteEndObject();
        });
    }

    private async Task CreateAsync(HttpContext context)
    {
        var body = await RequestBody.ReadAsync(context, options.MaxCreateBytes);
        var (schedule, job) = reader.ReadNew(context, body);
        if ((await store.ReadAsync(ScheduleTable.Number))[0] >= Most)
        {
            throw new ProblemException(StatusCodes.Status429TooManyRequests, ErrorCodes.TooManySchedules,
                $"there are {Most} schedules, as many as there may be; delete one that is no longer needed") { RetryAfter = RetrySeconds };
        }
        if (!await Grain(schedule).CreateAsync(schedule, job))
        {
            throw new ProblemException(StatusCodes.Status409Conflict, ErrorCodes.Exists,
                $"there is a schedule '{schedule.Name}' already; change it with PATCH, or choose another name");
        }
        await SendAsync(context, await FindAsync(schedule.Name));
    }

    private async Task ChangeAsync(HttpContext context)
    {
        var version = RequestParts.IfMatch(context);
        var body = await RequestBody.ReadAsync(context, options.MaxCreateBytes);
        for (var tries = 1; ; tries++)
        {
            var before = await FindAsync(context);
            var isOther = version is { } wanted && wanted != before.Version;
            var (edited, job) = reader.ReadChange(context, body, before);
            var reply = isOther ? new ScheduleReply(before, false) : await Grain(before).EditAsync(edited, job, context.GetCaller().Name);
            if (reply.Schedule is not { } now) throw NoSchedule();
            if (reply.IsChanged)
            {
                await SendAsync(context, now);
                return;
            }
            if (version is null && tries < EditTries) continue;
            throw new ProblemException(StatusCodes.Status412PreconditionFailed, ErrorCodes.Changed,
                $"the schedule is at version {now.Version}; read it again, and send that version as If-Match");
        }
    }

    private async Task DeleteAsync(HttpContext context)
    {
        var schedule = await FindAsync(context);
        await RequestBody.ReadAsync(context, options.MaxOtherBytes);
        if (!await Grain(schedule).DeleteAsync(context.GetCaller().Name)) throw NoSchedule();
        await AcknowledgeAsync(context, static (json, name) => json.WriteString("name", name), schedule.Name);
    }

    private async Task PauseAsync(HttpContext context)
    {
        var schedule = await FindAsync(context);
        var body = await RequestBody.ReadAsync(context, options.MaxOtherBytes);
        if (!await Grain(schedule).PauseAsync(JobFields.ReadReason(context, body), context.GetCaller().Name)) throw NoSchedule();
        await AcknowledgeAsync(context, static (json, name) => WritePaused(json, name, true), schedule.Name);
    }

    private async Task ResumeAsync(HttpContext context)
    {
        var schedule = await FindAsync(context);
        await RequestBody.ReadAsync(context, options.MaxOtherBytes);
        if (!await Grain(schedule).ResumeAsync(context.GetCaller().Name)) throw NoSchedule();
        await AcknowledgeAsync(context, static (json, name) => WritePaused(json, name, false), schedule.Name);
    }

    private async Task RunAsync(HttpContext context)
    {
        var schedule = await FindAsync(context);
        var body = await RequestBody.ReadAsync(context, options.MaxOtherBytes);
        var key = IdempotencyKey.Of(context, $"POST /schedules/{schedule.Name}/run", body, clock.SteadyNow);
        var earlier = await creation.FindEarlierAsync(key);
        var made = earlier is null ? await jobs.MakeNowAsync(schedule, key) ?? throw NoSchedule() : new Created(null, earlier);
        var id = (made.Job ?? made.Found)?.Id ?? made.EarlierUse!.JobId;
        if (made.EarlierUse is null) await NoteAsync(context, "schedule.run", schedule, id.ToString());
        await AcknowledgeAsync(context, static (json, id) => json.WriteString("id", id), id);
    }

    private async Task BackfillAsync(HttpContext context)
    {
        var schedule = await FindAsync(context);
        var body = await RequestBody.ReadAsync(context, options.MaxOtherBytes);
        var (from, to) = Range(context, body);
        var rhythm = Rhythm.TryOf(schedule, out var why) ?? throw Wrong("from", why!);
        var ticks = rhythm.AllFrom(from).TakeWhile(t => t <= to).Take(MostBackfilled + 1).ToList();
        if (ticks.Count > MostBackfilled)
        {
            throw Wrong("to", $"there are more than {MostBackfilled} ticks up to then; go in steps: the {MostBackfilled}th is at {ticks[^2] / 1000}");
        }
        var made = 0;
        try
        {
            foreach (var tick in ticks)
            {
                if (await jobs.MakeAsync(schedule, tick, Guid.CreateVersion7()) is not { } created) throw NoSchedule();
                if (created.Job is not null) made++;
            }
        }
        catch (ProblemException e) when (made > 0)
        {
            throw new ProblemException(e.Status, e.Code, $"{made} of {ticks.Count} were made, the rest when you call again: {e.Message}")
            {
                RetryAfter = e.RetryAfter, Reached = e.Reached,
            };
        }
        finally
        {
            if (made > 0) await NoteAsync(context, "schedule.backfill", schedule, $"{made} jobs from {from / 1000} to {to / 1000}");
        }
        await AcknowledgeAsync(context, static (json, numbers) =>
        {
            json.WriteNumber("made", numbers.made);
            json.WriteNumber("ticks", numbers.Count);
        }, (made, ticks.Count));
    }

    /// <summary>Both ends, in milliseconds.</summary>
    private (long From, long To) Range(HttpContext context, byte[] body)
    {
        var fields = RequestBody.Parse(context, body, "from", "to");
        var errors = new FieldErrors();
        var (from, to) = (Time("from", fields[0]), Time("to", fields[1]));
        errors.Check();
        if (from > to) throw Wrong("to", "is before from");
        if (to > clock.Wall) throw Wrong("to", "is yet to come; the schedule makes those ticks itself");
        return (from, to);

        long Time(string name, JsonField field)
        {
            if (field.Type is JsonTokenType.None or JsonTokenType.Null) errors.Add(name, "field required, in seconds since 1970", "missing");
            return 1000 * (errors.WholeNumber(name, field, 0, LastMoment) ?? 0);
        }
    }

    private IScheduleGrain Grain(Schedule schedule) => grains.GetGrain<IScheduleGrain>(schedule.Name);

    private Task<Schedule> FindAsync(HttpContext context) => FindAsync((string)context.Request.RouteValues["name"]!);

    private async Task<Schedule> FindAsync(string name) =>
        ScheduleReader.IsName(name) && await store.ReadAsync(ScheduleTable.Find(name)) is [var schedule] ? schedule : throw NoSchedule();

    private async Task NoteAsync(HttpContext context, string action, Schedule schedule, string detail) =>
        await store.WriteAsync(new Commit([], isEssential: true, new AuditEntry(clock.Wall, context.GetCaller().Name, action, schedule.Name, detail)));

    private static ProblemException NoSchedule() =>
        new(StatusCodes.Status404NotFound, ErrorCodes.NotFound, "there is no schedule of this name; GET /schedules lists them");

    private static ProblemException Wrong(string field, string message) => new(ErrorCodes.Invalid, [new FieldError(["body", field], message, "value_error")]);

    private List<long> Shown(Schedule schedule) => schedule.IsPaused ? [] : Next(schedule, ShownTicks);

    /// <summary>The ticks to come; none where its times mean nothing on this machine.</summary>
    private List<long> Next(Schedule schedule, int count) =>
        [.. (Rhythm.TryOf(schedule, out _)?.AllFrom(clock.Wall) ?? []).Where(t => t != schedule.LastTick).Take(count)];

    private async Task SendAsync(HttpContext context, Schedule schedule)
    {
        if (await store.ReadAsync(ScheduleTable.Job(schedule.Name)) is not [var job]) throw NoSchedule();
        await Answer.SendAsync(context, json => ScheduleJson.Write(json, schedule, job, Shown(schedule)));
    }

    private static Task AcknowledgeAsync<T>(HttpContext context, Action<Utf8JsonWriter, T> write, T value) => Answer.SendAsync(context, json =>
    {
        json.WriteStartObject();
        json.WriteBoolean("ok", true);
        write(json, value);
        json.WriteEndObject();
    });

    private static void WritePaused(Utf8JsonWriter json, string name, bool isPaused)
    {
        json.WriteString("name", name);
        json.WriteBoolean("paused", isPaused);
    }
}
