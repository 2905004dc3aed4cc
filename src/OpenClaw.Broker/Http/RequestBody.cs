using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http.Features;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Http;

/// <summary>A member of a request's body.</summary>
/// <param name="Type"><see cref="JsonTokenType.None"/> where it is missing.</param>
/// <param name="Json">Its value as it was sent.</param>
/// <param name="Text">Of a string: its text in UTF-8.</param>
internal readonly record struct JsonField(JsonTokenType Type, ReadOnlyMemory<byte> Json, byte[]? Text);

/// <summary>Reads JSON bodies up to a limit, and only the members asked for.</summary>
internal static class RequestBody
{
    private const int MaxDepth = 64;
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>The whole body.</summary>
    /// <exception cref="ProblemException">415: it is compressed.</exception>
    /// <exception cref="BadHttpRequestException">413: it is over the limit.</exception>
    public static async ValueTask<byte[]> ReadAsync(HttpContext context, long limit)
    {
        Limit(context, limit);
        var encoding = context.Request.Headers.ContentEncoding;
        if (encoding.Count > 0 && encoding.ToString() is not ("" or "identity"))
        {
            throw new ProblemException(StatusCodes.Status415UnsupportedMediaType, ErrorCodes.BadRequest,
                "compressed bodies are not read; send the JSON as it is");
        }
        var reader = context.Request.BodyReader;
        while (true)
        {
            var read = await ReadAsync(context, reader);
            if (read.IsCompleted)
            {
                var body = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return body;
            }
            if (read.Buffer.Length > ByteBudget.Uncounted) return await ReadLongAsync(context, reader, read.Buffer, limit);
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <summary>Goes on with a body that turns out to be long; it is counted twice, since its texts are copied out of it.</summary>
    private static async Task<byte[]> ReadLongAsync(HttpContext context, PipeReader reader, ReadOnlySequence<byte> first, long limit)
    {
        var length = 0;
        byte[] body = [];
        while (true)
        {
            if (body.Length < length + first.Length)
            {
                var size = context.Request.ContentLength ?? Math.Min(limit, Math.Max(2L * body.Length, 4 * first.Length));
                try
                {
                    ByteBudget.Hold(context, 2 * (size - body.Length));
                }
                catch (ProblemException)
                {
                    reader.AdvanceTo(first.End); // the server reads what is left, so that the client sees the answer
                    throw;
                }
                Array.Resize(ref body, (int)size);
            }
            first.CopyTo(body.AsSpan(length));
            length += (int)first.Length;
            reader.AdvanceTo(first.End);
            var read = await ReadAsync(context, reader);
            first = read.Buffer;
            if (!read.IsCompleted || !first.IsEmpty) continue;
            reader.AdvanceTo(first.End);
            return length == body.Length ? body : body[..length];
        }
    }

    /// <summary>
    /// A body comes whole or in chunks; another transfer encoding, or a length beside the chunks, is one more way to read two
    /// requests where one was sent.
    /// </summary>
    /// <exception cref="ProblemException">501: it has another one. 400: it says both.</exception>
    public static void CheckFraming(HttpContext context)
    {
        const string LengthBesideChunks = "X-Content-Length"; // where the server puts it
        var encoding = context.Request.Headers.TransferEncoding;
        if (encoding.Count == 0) return;
        var isChunked = encoding.Count == 1 && string.Equals(encoding[0], "chunked", StringComparison.OrdinalIgnoreCase);
        if (isChunked && !context.Request.Headers.ContainsKey(LengthBesideChunks)) return;
        context.Response.Headers.Connection = "close";
        if (isChunked) throw ProblemException.BadRequest("a body has a Content-Length or comes in chunks, not both");
        throw new ProblemException(StatusCodes.Status501NotImplemented, ErrorCodes.BadRequest, "of transfer encodings, only 'chunked' is read");
    }

    /// <summary>Reads no more than this of the body; a connection with more to come is closed after the answer.</summary>
    public static void Limit(HttpContext context, long limit)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature) feature.MaxRequestBodySize = limit;
    }

    /// <summary>The named members of a JSON object, in the order of the names; of a doubled key the last.</summary>
    /// <exception cref="ProblemException">The body is no JSON object, or not UTF-8.</exception>
    public static JsonField[] Parse(HttpContext context, byte[] body, params ReadOnlySpan<string> names)
    {
        if (!IsJson(context.Request.ContentType)) throw NotObject("the body must be JSON, with Content-Type: application/json", "content_type");
        ReadOnlyMemory<byte> json = body.AsSpan().StartsWith(ByteOrderMark) ? body.AsMemory(ByteOrderMark.Length) : body;
        if (!Utf8.IsValid(json.Span)) throw new ProblemException(StatusCodes.Status400BadRequest, ErrorCodes.BadRequest, "the body is not UTF-8 text");
        try
        {
            return ParseObject(json, names);
        }
        catch (JsonException e)
        {
            throw NotObject($"the body is not valid JSON (line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1})", "json_invalid");
        }
        catch (InvalidOperationException)
        {
            throw NotObject("a member's name holds half of a surrogate pair, which is no character", "json_invalid");
        }
    }

    /// <summary>The named members of an object within a body that was read, as <see cref="Parse"/> gives them.</summary>
    public static JsonField[] ParseMembers(ReadOnlyMemory<byte> json, params ReadOnlySpan<string> names) => ParseObject(json, names);

    /// <summary>The items of a list within a body that was read, each as it was sent.</summary>
    public static List<ReadOnlyMemory<byte>> Items(ReadOnlyMemory<byte> json)
    {
        var items = new List<ReadOnlyMemory<byte>>();
        var reader = new Utf8JsonReader(json.Span, new JsonReaderOptions { MaxDepth = MaxDepth });
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            items.Add(json[start..(int)reader.BytesConsumed]);
        }
        return items;
    }

    private static async ValueTask<ReadResult> ReadAsync(HttpContext context, PipeReader reader)
    {
        try
        {
            return await reader.ReadAsync(context.RequestAborted);
        }
        catch (IOException e) when (e.InnerException is OverflowException)
        {
            context.Response.Headers.Connection = "close";
            throw ProblemException.BadRequest("a chunk's length is too large");
        }
        catch (InvalidOperationException e) when (context.Request.ContentLength is null)
        {
            context.Response.Headers.Connection = "close";
            throw ProblemException.BadRequest($"what follows the chunks is malformed: {e.Message}");
        }
    }

    private static JsonField[] ParseObject(ReadOnlyMemory<byte> json, ReadOnlySpan<string> names)
    {
        var fields = new JsonField[names.Length];
        var reader = new Utf8JsonReader(json.Span, new JsonReaderOptions { MaxDepth = MaxDepth });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            while (reader.Read()) { }
            throw NotObject("the body must be a JSON object", "object_type");
        }
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var index = -1;
            for (var i = 0; i < names.Length && index < 0; i++)
            {
                if (reader.ValueTextEquals(names[i])) index = i;
            }
            reader.Read();
            var (type, start) = (reader.TokenType, (int)reader.TokenStartIndex);
            var text = index >= 0 && type == JsonTokenType.String ? Text(ref reader, names[index]) : null;
            reader.Skip();
            if (index >= 0) fields[index] = new JsonField(type, json[start..(int)reader.BytesConsumed], text);
        }
        while (reader.Read()) { }
        return fields;
    }

    private static byte[] Text(ref Utf8JsonReader reader, string name)
    {
        if (!reader.ValueIsEscaped) return reader.ValueSpan.ToArray();
        var buffer = ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length);
        try
        {
            return buffer[..reader.CopyString(buffer)];
        }
        catch (InvalidOperationException)
        {
            throw new ProblemException(ErrorCodes.Invalid,
                [new FieldError(["body", name], "holds half of a surrogate pair, which is no character", "string_unicode")]);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static bool IsJson(string? contentType)
    {
        if (string.IsNullOrWhiteSpace(contentType)) return true;
        var media = contentType.AsSpan();
        if (media.IndexOf(';') is >= 0 and var end) media = media[..end];
        media = media.Trim();
        return media.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || media.StartsWith("application/", StringComparison.OrdinalIgnoreCase) && media.EndsWith("+json", StringComparison.OrdinalIgnoreCase);
    }

    private static ProblemException NotObject(string message, string type) => new(ErrorCodes.Invalid, [new FieldError(["body"], message, type)]);
}
