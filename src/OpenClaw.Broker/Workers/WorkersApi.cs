using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Workers;

/// <summary>Which workers there are, and what they do.</summary>
internal sealed class WorkersApi(WorkerSightings sightings, IStore rows)
{
    private static readonly Query<(string Worker, string Job)> Running = new(
        "select worker_id, id from job where state = 'running' and worker_id is not null order by seq", static row => (row.Text(0)!, row.Text(1)!));

    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/workers", (RequestDelegate)ListAsync).RequireAuthorization(Rights.ReadQueues);

    /// <summary>How many jobs each worker runs.</summary>
    public async Task<ILookup<string, string>> RunningAsync() =>
        (await rows.ReadAsync(Running)).ToLookup(static r => r.Worker, static r => r.Job, StringComparer.Ordinal);

    private async Task ListAsync(HttpContext context)
    {
        var running = await RunningAsync();
        var seen = sightings.All.ToDictionary(static w => w.Id, StringComparer.Ordinal);
        var names = seen.Keys.Concat(running.Select(static r => r.Key)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
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
                foreach (var cap in worker?.Caps.Names ?? []) json.WriteStringValue(cap);
                json.WriteEndArray();
                json.WriteStartArray("queues");
                foreach (var queue in worker?.Queues ?? []) json.WriteStringValue(queue);
                json.WriteEndArray();
                json.WriteStartArray("running");
                foreach (var job in running[name]) json.WriteStringValue(job);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteNull("next");
            json.WriteEndObject();
        });
    }
}
