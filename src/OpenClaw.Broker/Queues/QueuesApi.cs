using System.Text.Json;
using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Queues;

/// <summary>Claiming from queues, looking at them, and pausing them.</summary>
internal sealed class QueuesApi(QueueLinks queues, JobCalls calls, IJobStore store, QueuePauses pauses, Claims claims, IStore rows, BrokerOptions options)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/jobs/next", (RequestDelegate)claims.NextAsync).RequireAuthorization(Rights.Work).WithMetadata(new OfContract());
        routes.MapGet("/queues", (RequestDelegate)ListAsync).RequireAuthorization(Rights.ReadQueues);
        var group = routes.MapGroup("/queues").RequireAuthorization(Rights.ChangeQueues);
        group.MapPost("/{name}/pause", (RequestDelegate)PauseAsync);
        group.MapPost("/{name}/resume", (RequestDelegate)ResumeAsync);
    }

    private async Task ListAsync(HttpContext context)
    {
        var counts = (await store.ReadCountsAsync()).ToLookup(static c => c.Queue, StringComparer.Ordinal);
        var names = calls.Queues.Order(StringComparer.Ordinal).ToList();
        var views = await Task.WhenAll(names.Select(n => ViewAsync(n, counts[n].Any(static c => !IsFinal(c.State)))));
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("queues");
            for (var i = 0; i < names.Count; i++) Write(json, names[i], views[i], counts[names[i]]);
            json.WriteEndArray();
            json.WriteNull("next");
            json.WriteEndObject();
        });
    }

    /// <summary>What a queue says of itself; one that has nothing unfinished and no settings is not loaded for that.</summary>
    private async Task<QueueView?> ViewAsync(string queue, bool hasUnfinished) =>
        hasUnfinished || queue == QueueNames.Default || pauses.Has(queue) ? await queues.Grain(queue).DescribeAsync() : null;

    private void Write(Utf8JsonWriter json, string name, QueueView? view, IEnumerable<StateCount> counts)
    {
        var byState = counts.ToDictionary(static c => c.State, static c => c.Jobs);
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteNumber("ready", byState.GetValueOrDefault(JobState.Queued));
        json.WriteNumber("scheduled", byState.GetValueOrDefault(JobState.Scheduled));
        json.WriteNumber("held", byState.GetValueOrDefault(JobState.Held));
        json.WriteNumber("running", byState.GetValueOrDefault(JobState.Running));
        if (view?.OldestReadyAt is { } oldest) json.WriteNumber("oldest_ready_seconds", Math.Max(0, (calls.Now - oldest) / 1000));
        else json.WriteNull("oldest_ready_seconds");
        if (view?.Paused is { } pause)
        {
            json.WriteStartObject("paused");
            json.WriteString("by", pause.By);
            json.WriteString("reason", pause.Reason);
            json.WriteNumber("since", pause.Since / 1000);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("paused");
        }
        json.WriteEndObject();
    }

    private async Task PauseAsync(HttpContext context)
    {
        var name = Name(context);
        var body = await RequestBody.ReadAsync(context, options.MaxOtherBytes);
        await queues.Grain(name).PauseAsync(new Pause(context.GetCaller().Name, JobFields.ReadReason(context, body), calls.Now));
        await NoteAsync(context, "queue.pause", name);
        await AcknowledgeAsync(context, name, isPaused: true);
    }

    private async Task ResumeAsync(HttpContext context)
    {
        var name = Name(context);
        await RequestBody.ReadAsync(context, options.MaxOtherBytes);
        await queues.Grain(name).PauseAsync(null);
        await NoteAsync(context, "queue.resume", name);
        await AcknowledgeAsync(context, name, isPaused: false);
    }

    /// <summary>A queue that was named by a job before; others are not there to be paused.</summary>
    private string Name(HttpContext context) => context.Request.RouteValues["name"] is string name && calls.HasQueue(name)
        ? name
        : throw new ProblemException(StatusCodes.Status404NotFound, ErrorCodes.NotFound,
            "there is no such queue; GET /queues lists them, and a queue's first job makes it");

    private async Task NoteAsync(HttpContext context, string action, string queue) =>
        await rows.WriteAsync(new Commit([], isEssential: true, new AuditEntry(calls.Now, context.GetCaller().Name, action, queue)));

    private static bool IsFinal(JobState state) => state is JobState.Done or JobState.Failed or JobState.Cancelled;

    private static Task AcknowledgeAsync(HttpContext context, string name, bool isPaused) => Answer.SendAsync(context, json =>
    {
        json.WriteStartObject();
        json.WriteBoolean("ok", true);
        json.WriteString("name", name);
        json.WriteBoolean("paused", isPaused);
        json.WriteEndObject();
    });
}
