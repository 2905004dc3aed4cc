using System.Text.Json;
using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Queues;

/// <summary>Claiming from queues, looking at them, and pausing them.</summary>
internal sealed class QueuesApi(
    QueueLinks queues, JobCalls calls, IJobStore store, QueuePauses pauses, QueueLimits limits, Claims claims, IStore rows, BrokerOptions options)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/jobs/next", (RequestDelegate)claims.NextAsync).RequireAuthorization(Rights.Work).WithMetadata(new OfContract());
        routes.MapGet("/queues", (RequestDelegate)ListAsync).RequireAuthorization(Rights.ReadQueues);
        var group = routes.MapGroup("/queues").RequireAuthorization(Rights.ChangeQueues);
        group.MapPatch("/{name}", (RequestDelegate)LimitAsync);
        group.MapDelete("/{name}", (RequestDelegate)DeleteAsync);
        group.MapPost("/{name}/pause", (RequestDelegate)(c => PauseAsync(c, Name(c), "queue.pause", isDrain: false)));
        group.MapPost("/{name}/drain", (RequestDelegate)(c => PauseAsync(c, Name(c), "queue.drain", isDrain: true)));
        group.MapPost("/{name}/resume", (RequestDelegate)(c => ResumeAsync(c, Name(c), "queue.resume")));
        var all = routes.MapGroup("").RequireAuthorization(Rights.ChangeQueues);
        all.MapPost("/drain", (RequestDelegate)(c => PauseAsync(c, QueueNames.Broker, "broker.drain", isDrain: true)));
        all.MapPost("/undrain", (RequestDelegate)(c => ResumeAsync(c, QueueNames.Broker, "broker.undrain")));
    }

    private async Task ListAsync(HttpContext context)
    {
        var counts = (await store.ReadCountsAsync()).ToLookup(static c => c.Queue, StringComparer.Ordinal);
        var names = calls.Queues.Where(static n => n != QueueNames.Hooks).Order(StringComparer.Ordinal).ToList();
        var views = await Task.WhenAll(names.Select(n => ViewAsync(n, counts[n].Any(static c => !IsFinal(c.State)))));
        var oldest = await Task.WhenAll(views.Select(async view => view?.FirstReady is { } id ? (await store.FindAsync(id))?.CreatedAt : null));
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("queues");
            for (var i = 0; i < names.Count; i++) Write(json, names[i], views[i], oldest[i], counts[names[i]]);
            json.WriteEndArray();
            json.WriteNull("next");
            json.WritePropertyName("drain");
            Write(json, pauses.OfBroker);
            json.WriteEndObject();
        });
    }

    /// <summary>What a queue says of itself; one that has nothing unfinished and no settings is not loaded for that.</summary>
    private async Task<QueueView?> ViewAsync(string queue, bool hasUnfinished) =>
        hasUnfinished || queue == QueueNames.Default || pauses.Has(queue) || limits.Has(queue) ? await queues.Grain(queue).DescribeAsync() : null;

    private void Write(Utf8JsonWriter json, string name, QueueView? view, long? oldestAt, IEnumerable<StateCount> counts)
    {
        var byState = counts.ToDictionary(static c => c.State, static c => c.Jobs);
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteNumber("ready", byState.GetValueOrDefault(JobState.Queued));
        json.WriteNumber("scheduled", byState.GetValueOrDefault(JobState.Scheduled));
        json.WriteNumber("held", byState.GetValueOrDefault(JobState.Held));
        json.WriteNumber("running", byState.GetValueOrDefault(JobState.Running));
        if (oldestAt is { } oldest) json.WriteNumber("oldest_ready_seconds", Math.Max(0, (calls.Now - oldest) / 1000));
        else json.WriteNull("oldest_ready_seconds");
        json.WritePropertyName("paused");
        Write(json, view?.Paused);
        json.WriteStartArray("limits");
        foreach (var limit in view?.Limits ?? []) Write(json, name, limit);
        json.WriteEndArray();
        json.WriteNumber("version", view?.Version ?? 0);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string queue, QueueLimit limit)
    {
        json.WriteStartObject();
        json.WriteString("by", limit.By.Name());
        json.WriteString("value", limit.By == LimitBy.Queue ? queue : limit.Value);
        if (limit.MaxRunning is { } running) json.WriteNumber("max_running", running);
        else json.WriteNull("max_running");
        if (limit.Starts is { } starts)
        {
            json.WriteNumber("starts", starts);
            json.WriteNumber("per_seconds", limit.PerMs / 1000.0);
        }
        else
        {
            json.WriteNull("starts");
            json.WriteNull("per_seconds");
        }
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Pause? pause)
    {
        if (pause is null)
        {
            json.WriteNullValue();
            return;
        }
        json.WriteStartObject();
        json.WriteString("by", pause.By);
        json.WriteString("reason", pause.Reason);
        json.WriteNumber("since", pause.Since / 1000);
        if (pause.Until is { } until) json.WriteNumber("until", until / 1000);
        else json.WriteNull("until");
        json.WriteBoolean("drain", pause.IsDrain);
        json.WriteEndObject();
    }

    /// <summary>Limits a queue; an empty list takes its limits away.</summary>
    private async Task LimitAsync(HttpContext context)
    {
        var name = Name(context);
        var seen = RequestParts.IfMatch(context);
        var body = await RequestBody.ReadAsync(context, options.MaxOtherBytes);
        var limits = LimitReader.Read(RequestBody.Parse(context, body, "limits")[0], name);
        var (version, isChanged) = await queues.Grain(name).LimitAsync(limits, seen);
        if (!isChanged)
        {
            throw new ProblemException(StatusCodes.Status412PreconditionFailed, ErrorCodes.Changed,
                $"the queue is at version {version}; read it again (GET /queues), and send that version as If-Match");
        }
        await NoteAsync(context, "queue.limit", name);
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("ok", true);
            json.WriteString("name", name);
            json.WriteStartArray("limits");
            foreach (var limit in limits) Write(json, name, limit);
            json.WriteEndArray();
            json.WriteNumber("version", version);
            json.WriteEndObject();
        });
    }

    /// <summary>Forgets a queue that has nothing unfinished, with its settings; its ended jobs stay.</summary>
    private async Task DeleteAsync(HttpContext context)
    {
        var name = Name(context);
        await RequestBody.ReadAsync(context, options.MaxOtherBytes);
        if (name == QueueNames.Default || !await calls.DropQueueAsync(name, context.GetCaller().Name))
        {
            throw new ProblemException(StatusCodes.Status409Conflict, ErrorCodes.QueueInUse, name == QueueNames.Default
                ? "the queue 'default' is always there; pause it, or limit it"
                : $"the queue '{name}' has unfinished jobs; cancel them (POST /jobs/cancel), or move them to another (PATCH /jobs/ID), then delete it");
        }
        await queues.Grain(name).ClearAsync();
        queues.Forget(name);
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("ok", true);
            json.WriteString("name", name);
            json.WriteEndObject();
        });
    }

    private async Task PauseAsync(HttpContext context, string name, string action, bool isDrain)
    {
        var body = await RequestBody.ReadAsync(context, options.MaxOtherBytes);
        var pause = new Pause(context.GetCaller().Name, null, calls.Now, IsDrain: isDrain);
        if (body.Length > 0)
        {
            var errors = new FieldErrors();
            var fields = RequestBody.Parse(context, body, "reason", "seconds", "until");
            var length = errors.Seconds("seconds", fields[1], JobFields.MaxSeconds);
            var until = errors.WholeNumber("until", fields[2], 0, uint.MaxValue * 2L) * 1000;
            if (length is not null && until is not null) errors.Add("until", "can't come with seconds: send the one or the other", "both");
            pause = pause with { Reason = JobFields.Reason(fields[0], errors), Until = until ?? calls.Now + length, IsDate = until is not null };
            errors.Check();
        }
        await queues.Grain(name).PauseAsync(pause);
        await NoteAsync(context, action, name);
        await AcknowledgeAsync(context, name, pause);
    }

    private async Task ResumeAsync(HttpContext context, string name, string action)
    {
        await RequestBody.ReadAsync(context, options.MaxOtherBytes);
        await queues.Grain(name).PauseAsync(null);
        await NoteAsync(context, action, name);
        await AcknowledgeAsync(context, name, null);
    }

    /// <summary>A queue that was named by a job before; others are not there to be paused.</summary>
    private string Name(HttpContext context) => context.Request.RouteValues["name"] is string name && calls.HasQueue(name)
        ? name
        : throw new ProblemException(StatusCodes.Status404NotFound, ErrorCodes.NotFound,
            "there is no such queue; GET /queues lists them, and a queue's first job makes it");

    private async Task NoteAsync(HttpContext context, string action, string queue) =>
        await rows.WriteAsync(new Commit([], isEssential: true, new AuditEntry(calls.Now, context.GetCaller().Name, action, queue)));

    private static bool IsFinal(JobState state) => state is JobState.Done or JobState.Failed or JobState.Cancelled;

    private static Task AcknowledgeAsync(HttpContext context, string name, Pause? pause) => Answer.SendAsync(context, json =>
    {
        json.WriteStartObject();
        json.WriteBoolean("ok", true);
        if (name != QueueNames.Broker) json.WriteString("name", name);
        json.WriteBoolean("paused", pause is not null);
        if (pause?.Until is { } until) json.WriteNumber("until", until / 1000);
        json.WriteEndObject();
    });
}
