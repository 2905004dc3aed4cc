using System.Globalization;
using System.Text;
using System.Text.Json;
using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Store;

namespace OpenClaw.Broker.Streams;

/// <summary>What jobs write: sent in pieces, and read in pieces.</summary>
internal sealed class ChunksApi(StreamCalls streams, IStore store, BrokerOptions options)
{
    private const int MaxBytes = 1 << 20;
    private const int MostAtOnce = 1000;
    private const int MaxTypeBytes = 64;
    private const int DefaultLimit = 100;
    private const int MaxLimit = 1000;

    /// <summary>Of a page; a longer one goes on with the next.</summary>
    private const long PageBytes = 4 << 20;

    private static readonly string[] Members = ["n", "chunk_type", "content", "metadata"];
    private static readonly string[] Types = ["thinking", "tool_call", "tool_result", "message", "progress", "final", "heartbeat"];

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/jobs/{id}/chunks", (RequestDelegate)AppendAsync).RequireAuthorization(Rights.HoldJobs);
        routes.MapGet("/jobs/{id}/chunks", (RequestDelegate)ListAsync).RequireAuthorization(Rights.ListJobs);
        routes.MapGet("/capabilities", (RequestDelegate)DescribeAsync).RequireAuthorization(Rights.ListCommands);
    }

    private async Task AppendAsync(HttpContext context)
    {
        var id = RequestParts.JobId(context);
        var body = await RequestBody.ReadAsync(context, MaxBytes);
        var fields = RequestBody.Parse(context, body, [.. Members, "chunks"]);
        var isMany = fields[^1].Type is not (JsonTokenType.None or JsonTokenType.Null);
        var chunks = isMany ? ReadMany(fields[^1]) : [Read(fields, new FieldErrors())];
        var caller = context.GetCaller();
        if (caller.SeesOwnAlone) await streams.FindAsync(id, caller);
        var appended = await streams.AppendAsync(id, RequestParts.LeaseToken(context), context.GetWorkerId(), chunks);
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("ok", true);
            json.WriteNumber("chunk_id", appended.ChunkId);
            if (isMany || chunks[0].N is not null) json.WriteNumber("next_n", appended.NextN);
            json.WriteEndObject();
        });
    }

    private static List<NewChunk> ReadMany(JsonField list)
    {
        var errors = new FieldErrors();
        if (list.Type != JsonTokenType.StartArray) errors.Add("chunks", "must be a list of objects of n, chunk_type, content and metadata", "list_type");
        errors.Check();
        var items = RequestBody.Items(list.Json);
        if (items.Count is 0 or > MostAtOnce) errors.Add("chunks", $"has {items.Count} entries; there may be 1 to {MostAtOnce}", "list_length");
        errors.Check();
        var chunks = new List<NewChunk>(items.Count);
        for (var i = 0; i < items.Count; i++)
        {
            var within = new FieldErrors("chunks", i.ToString(CultureInfo.InvariantCulture));
            if (items[i].Span[0] != '{') within.Add([], "must be an object", "object_type");
            within.Check();
            var fields = RequestBody.ParseMembers(items[i], Members);
            if (fields[0].Type is JsonTokenType.None or JsonTokenType.Null) within.Add("n", "field required", "missing");
            chunks.Add(Read(fields, within));
        }
        return chunks;
    }

    private static NewChunk Read(JsonField[] fields, FieldErrors errors)
    {
        var n = errors.WholeNumber("n", fields[0], 1, long.MaxValue / 2);
        var type = Encoding.UTF8.GetString(errors.Text("chunk_type", fields[1], 1, MaxTypeBytes));
        if (type.Any(char.IsControl)) errors.Add("chunk_type", "has a control character", "string_type");
        if (type == ChunkTypes.Dropped) errors.Add("chunk_type", "'dropped' is said by the broker alone", "value_error");
        var content = fields[2].Type is JsonTokenType.Null ? null : errors.OptionalText("content", fields[2]);
        var hasMetadata = fields[3].Type is not (JsonTokenType.None or JsonTokenType.Null);
        if (hasMetadata && fields[3].Type != JsonTokenType.StartObject) errors.Add("metadata", "must be an object", "object_type");
        errors.Check();
        return new NewChunk(n, type, content, hasMetadata ? InOneLine(fields[3].Json) : null);
    }

    /// <summary>JSON without line ends, which stand between its tokens alone.</summary>
    public static byte[] InOneLine(ReadOnlyMemory<byte> json) => [.. json.ToArray().Where(static b => b is not ((byte)'\n' or (byte)'\r'))];

    private async Task ListAsync(HttpContext context)
    {
        var job = await streams.FindAsync(RequestParts.JobId(context), context.GetCaller());
        var query = context.Request.Query;
        var after = Number(query["after_id"].ToString(), "after_id", 0, 0, long.MaxValue);
        var limit = (int)Number(query["limit"].ToString(), "limit", DefaultLimit, 1, MaxLimit);
        var type = query["chunk_type"].ToString() is { Length: > 0 } text ? text : null;
        var chunks = await store.ReadAsync(ChunkTable.After(job.Seq, after, limit, PageBytes, type), context.RequestAborted);
        Answer.Hold(context, chunks.Sum(static c => (long)c.Bytes));
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("chunks");
            foreach (var chunk in chunks) Write(json, chunk, "chunk_type");
            json.WriteEndArray();
            json.WriteNumber("count", chunks.Count);
            json.WriteEndObject();
        });
    }

    /// <param name="typeName">What the type is called there.</param>
    public static void Write(Utf8JsonWriter json, Chunk chunk, string typeName)
    {
        json.WriteStartObject();
        json.WriteNumber("id", chunk.Id);
        json.WriteString(typeName, chunk.Type);
        if (chunk.Content is null) json.WriteNull("content");
        else json.WriteString("content", chunk.Content);
        WriteRaw(json, "metadata", chunk.Metadata);
        json.WriteNumber("created_at", chunk.CreatedAt / 1000);
        json.WriteEndObject();
    }

    public static void WriteRaw(Utf8JsonWriter json, string name, byte[]? value)
    {
        json.WritePropertyName(name);
        if (value is null) json.WriteNullValue();
        else json.WriteRawValue(value, skipInputValidation: true);
    }

    /// <summary>A whole number in the query.</summary>
    public static long Number(string text, string name, long usual, long least, long most)
    {
        if (text.Length == 0) return usual;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw ProblemException.BadQuery(name, most == long.MaxValue ? $"must be a whole number from {least}"
                : $"must be a whole number from {least} to {most}");
    }

    /// <summary>What today's Python programs ask before they send or follow pieces.</summary>
    private Task DescribeAsync(HttpContext context) => Answer.SendAsync(context, json =>
    {
        json.WriteStartObject();
        json.WriteBoolean("streaming_enabled", options.EnableStreaming);
        json.WriteStartObject("streaming_endpoints");
        json.WriteString("chunks", "/jobs/{id}/chunks");
        json.WriteString("stream", "/jobs/{id}/stream");
        json.WriteString("tool_calls", "/jobs/{id}/tool_calls");
        json.WriteEndObject();
        json.WriteStartArray("chunk_types");
        foreach (var type in Types) json.WriteStringValue(type);
        json.WriteEndArray();
        json.WriteString("version", "2.0-agentic");
        json.WriteEndObject();
    });
}
