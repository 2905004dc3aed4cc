using OpenClaw.Broker.Http;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Keeping;
using OpenClaw.Broker.Queues;
using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Running;

/// <summary>Whether the broker can do its work: a real read and a real write, at most once a second for all who ask.</summary>
internal sealed partial class HealthApi(IJobStore store, DiskReserve reserve, FileWatch place, QueuePauses pauses, Clock clock, Listeners listeners,
    TailnetWatch tailnet, ILogger<HealthApi> log)
{
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(6);
    private readonly Lock gate = new();
    private Task<Checks>? last;
    private Task reading = Task.CompletedTask;
    private Task writing = Task.CompletedTask;
    private long lastAt;

    public void Map(IEndpointRouteBuilder routes)
    {
        string[] methods = [HttpMethods.Get, HttpMethods.Head];
        routes.MapMethods("/health", methods, (RequestDelegate)HealthAsync);
        routes.MapMethods("/health/ready", methods, (RequestDelegate)ReadyAsync);
    }

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
            json.WriteStartObject("queues");
            foreach (var (queue, pause) in pauses.All) json.WriteString(queue, pause.ToString());
            json.WriteEndObject();
            json.WriteEndObject();
        });
    }

    private async Task<Checks> CheckAsync(HttpContext context)
    {
        Task<Checks> check;
        lock (gate)
        {
            if (last is null || last.IsCompleted && clock.GetElapsedTime(lastAt) >= Kept)
            {
                last = Task.Run(ProbeAsync); // the disk may hang: neither in here nor on the caller's thread
                lastAt = clock.GetTimestamp();
            }
            check = last;
        }
        var checks = await check;
        if (!checks.Ok) context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        return checks;
    }

    private async Task<Checks> ProbeAsync()
    {
        place.Check();
        reading = reading.IsCompleted ? Task.Run(() => store.ProbeReadAsync()) : reading;
        writing = writing.IsCompleted ? store.ProbeWriteAsync(clock.Wall) : writing;
        var (read, write) = (DescribeAsync(reading), DescribeAsync(writing));
        return new Checks(await read, await write, reserve.IsSpent ? "full: new jobs are refused until there is room again" : Checks.Fine,
            tailnet.Problem ?? Checks.Fine);
    }

    private async Task<string> DescribeAsync(Task probe)
    {
        try
        {
            await probe.WaitAsync(Patience, clock);
            return Checks.Fine;
        }
        catch (TimeoutException)
        {
            return $"no answer within {Patience.TotalSeconds} s";
        }
        catch (Exception e) when (e is StorageBusyException or StorageFullException)
        {
            return e.Message;
        }
        catch (Exception e)
        {
            LogProbe(e); // it may name files and tables, and anybody may ask
            return "it failed; the broker's log says why";
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A health check failed")]
    private partial void LogProbe(Exception e);

    private sealed record Checks(string Read, string Write, string Disk, string Listen)
    {
        public const string Fine = "ok";

        public bool Ok => Read == Fine && Write == Fine && Disk == Fine && Listen == Fine;
    }
}
