using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace OpenClaw.Broker.Http;

/// <summary>Server-sent events, each sent as it is written; a client that does not read is cut off.</summary>
internal sealed class EventStream : IDisposable
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JsonEncoder.Instance, SkipValidation = true };
    private readonly HttpContext context;
    private readonly ArrayBufferWriter<byte> buffer = new(1024);
    private readonly Utf8JsonWriter json;

    private EventStream(HttpContext context) => (this.context, json) = (context, new Utf8JsonWriter(buffer, Options));

    /// <summary>Begins the answer; the client hears at once that it is there.</summary>
    public static async Task<EventStream> BeginAsync(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers["X-Accel-Buffering"] = "no"; // nginx would hold events back
        await context.Response.StartAsync(context.RequestAborted);
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        return new EventStream(context);
    }

    /// <param name="id">Where the client goes on after it; null of an event that is no place.</param>
    /// <param name="name">Null of an unnamed one.</param>
    /// <param name="write">Writes its data, which is one JSON value.</param>
    public ValueTask SendAsync(long? id, string? name, Action<Utf8JsonWriter> write)
    {
        buffer.ResetWrittenCount();
        if (id is { } place) Write(string.Create(CultureInfo.InvariantCulture, $"id: {place}\n"));
        if (name is not null) Write($"event: {name}\n");
        Write("data: ");
        write(json);
        json.Flush();
        json.Reset();
        Write("\n\n");
        return Answer.SendPiecesAsync(context, buffer.WrittenMemory);
    }

    /// <summary>Shows the client, and all between, that the stream lives.</summary>
    public ValueTask SendCommentAsync(string text)
    {
        buffer.ResetWrittenCount();
        Write($":{text}\n\n");
        return Answer.SendPiecesAsync(context, buffer.WrittenMemory);
    }

    public void Dispose() => json.Dispose();

    private void Write(string text) => Encoding.UTF8.GetBytes(text, buffer);
}
