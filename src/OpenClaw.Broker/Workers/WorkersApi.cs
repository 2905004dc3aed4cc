using System.Text.Json;
using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Queues;
using OpenClaw.Broker.Store;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Workers;

/// <summary>Which workers there are, and what they do.</summary>
internal sealed class WorkersApi(
    WorkerSightings sightings, WorkerBook book, ClaimWaiters waiters, JobCalls calls, IStore rows, BrokerOptions options)
{
    private static readonly Query<(string Worker, string Job)> Running = new(
        "select worker_id, id from job where state = 'running' and worker_id is not null order by seq", static row => (row.Text(0)!, row.Text(1)!));

    private static readonly Query<(string Worker, long Lost)> Lost = new(
        "select worker_id, count(*) from job_event where event = 'lease_lost' and worker_id is not null group by worker_id",
        static row => (row.Text(0)!, row.Number(1)!.Value));

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/workers", (RequestDelegate)ListAsync).RequireAuthorization(Rights.ReadQueues);
        var change = routes.MapGroup("/workers/{worker}").RequireAuthorization(Rights.ChangeQueues);
        change.MapPost("/drain", (RequestDelegate)(context => DrainAsync(context, isDrain: true)));
        change.MapPost("/resume", (RequestDelegate)(context => DrainAsync(context, isDrain: false)));
    }

    /// <summary>How many jobs each worker runs.</summary>
    public async Task<ILookup<string, string>> RunningAsync() =>
        (await rows.ReadAsync(Running)).ToLookup(static r => r.Worker, static r => r.Job, StringComparer.Ordinal);

    private async Task ListAsync(HttpContext context)
    {
        var running = await RunningAsync();
        var lost = (await rows.ReadAsync(Lost)).ToDictionary(static l => l.Worker, static l => l.Lost, StringComparer.Ordinal);
        var seen = sightings.All.ToDictionary(static w => w.Id, StringComparer.Ordinal);
        var told = book.All.ToDictionary(static r => r.Id, StringComparer.Ordinal);
        var names = seen.Keys.Concat(running.Select(static r => r.Key)).Concat(told.Keys)
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("workers");
            foreach (var name in names)
            {
                var worker = seen.GetValueOrDefault(name);
                json.WriteStartObject();
                json.WriteString("id", name);
                if (worker is null) json.WriteNull("seen_at");
                else json.WriteNumber("seen_at", worker.SeenAt / 1000);
                json.WriteStartArray("caps");
                foreach (var cap in worker?.Class.Caps.Names ?? []) json.WriteStringValue(cap);
                json.WriteEndArray();
                json.WriteStartArray("queues");
                foreach (var queue in worker?.Queues ?? []) json.WriteStringValue(queue);
                json.WriteEndArray();
                json.WriteStartArray("running");
                foreach (var job in running[name]) json.WriteStringValue(job);
                json.WriteEndArray();
                json.WriteNumber("lost_leases", lost.GetValueOrDefault(name));
                if (book.ClockOffsetMsOf(name) is { } offset) json.WriteNumber("clock_offset_seconds", offset / 1000);
                else json.WriteNull("clock_offset_seconds");
                Write(json, told.GetValueOrDefault(name));
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteNull("next");
            json.WriteEndObject();
        });
    }

    /// <summary>What it told, and whether it is drained.</summary>
    private static void Write(Utf8JsonWriter json, WorkerRow? row)
    {
        json.WriteString("version", row?.Version);
        json.WriteStartArray("commands");
        foreach (var (name, _) in WorkerRow.Served(row?.Commands)) json.WriteStringValue(name);
        json.WriteEndArray();
        if (row?.Drain is not { } drain)
        {
            json.WriteNull("draining");
            return;
        }
        json.WriteStartObject("draining");
        json.WriteString("by", drain.By);
        json.WriteString("reason", drain.Reason);
        json.WriteNumber("since", drain.Since / 1000);
        json.WriteEndObject();
    }

    private async Task DrainAsync(HttpContext context, bool isDrain)
    {
        var body = await RequestBody.ReadAsync(context, options.MaxOtherBytes);
        var reason = isDrain ? JobFields.ReadReason(context, body) : null;
        var worker = (string)context.Request.RouteValues["worker"]!;
        if (!sightings.All.Any(w => w.Id == worker) && book.All.All(r => r.Id != worker) && !(await RunningAsync()).Contains(worker))
        {
            throw new ProblemException(StatusCodes.Status404NotFound, ErrorCodes.NotFound, "there is no such worker; GET /workers lists them");
        }
        var by = context.GetCaller().Name;
        await book.DrainAsync(worker, isDrain ? new Drain(calls.Now, by, reason) : null,
            new AuditEntry(calls.Now, by, isDrain ? "worker.drain" : "worker.resume", worker, reason));
        if (!isDrain) waiters.WakeEverybody();
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("ok", true);
            json.WriteString("id", worker);
            json.WriteBoolean("draining", isDrain);
            json.WriteEndObject();
        });
    }
}
