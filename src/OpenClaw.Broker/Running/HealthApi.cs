using OpenClaw.Broker.Http;
using OpenClaw.Broker.Queues;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Running;

/// <summary>What anybody may know of how the broker is.</summary>
internal sealed class HealthApi(Health health, QueuePauses pauses, Listeners listeners)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        string[] methods = [HttpMethods.Get, HttpMethods.Head];
        routes.MapMethods("/health/live", methods, (RequestDelegate)LiveAsync);
        routes.MapMethods("/health", methods, (RequestDelegate)HealthAsync);
        routes.MapMethods("/health/ready", methods, (RequestDelegate)ReadyAsync);
    }

    /// <summary>That the process answers; it asks no disk.</summary>
    private static Task LiveAsync(HttpContext context) => Answer.SendAsync(context, static json =>
    {
        json.WriteStartObject();
        json.WriteBoolean("ok", true);
        json.WriteEndObject();
    });

    private async Task HealthAsync(HttpContext context)
    {
        var checks = await CheckAsync(context);
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("ok", checks.Ok);
            json.WriteBoolean("ts_bound", listeners.Addresses.All(static a => Tailnet.IsPrivate(a.Address)));
            json.WriteEndObject();
        });
    }

    private async Task ReadyAsync(HttpContext context)
    {
        var checks = await CheckAsync(context);
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("ok", checks.Ok);
            json.WriteStartObject("checks");
            json.WriteString("read", checks.Read);
            json.WriteString("write", checks.Write);
            json.WriteString("disk", checks.Disk);
            json.WriteString("listen", checks.Listen);
            json.WriteEndObject();
            json.WriteStartArray("listeners");
            foreach (var address in listeners.Addresses) json.WriteStringValue(address.ToString());
            json.WriteEndArray();
            if (checks.BackupAt is { } at) json.WriteNumber("backup_at", at.ToUnixTimeSeconds());
            else json.WriteNull("backup_at");
            json.WriteStartObject("queues");
            foreach (var (queue, pause) in pauses.All) json.WriteString(queue, pause.ToString());
            json.WriteEndObject();
            json.WriteString("drain", pauses.OfBroker?.ToString());
            json.WriteEndObject();
        });
    }

    private async Task<Checks> CheckAsync(HttpContext context)
    {
        var checks = await health.CheckAsync();
        if (!checks.Ok) context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        return checks;
    }
}
