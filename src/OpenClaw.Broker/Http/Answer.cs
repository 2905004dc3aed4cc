using System.Buffers;
using System.Text.Json;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Http;

/// <summary>
/// A compact JSON answer. A short one is built in a kept buffer and sent at once with its length; a long text goes out
/// in pieces as it is written, each when the one before has gone and in its own time, so a slow reader holds little more
/// than the text itself, and one that does not read is cut off.
/// </summary>
internal sealed class Answer : IDisposable
{
    private const int PieceBytes = 32 * 1024;
    /// <summary>On the machine's clock, as all of the network's times.</summary>
    private static readonly TimeSpan PieceTime = TimeSpan.FromSeconds(10);

    private const int KeptBufferBytes = 64 * 1024;
    private static readonly JsonWriterOptions Options = new() { Encoder = JsonEncoder.Instance, SkipValidation = true };

    [ThreadStatic]
    private static Answer? kept;

    private readonly ArrayBufferWriter<byte> buffer = new(1024);

    private Answer() => Json = new Utf8JsonWriter(buffer, Options);

    public Utf8JsonWriter Json { get; }

    public static Answer Rent()
    {
        var answer = kept ?? new Answer();
        kept = null;
        return answer;
    }

    public static async Task SendAsync(HttpContext context, Action<Utf8JsonWriter> write)
    {
        using var answer = Rent();
        write(answer.Json);
        await answer.SendAsync(context);
    }

    public static Task SendProblemAsync(HttpContext context, ProblemException problem)
    {
        if (problem.RetryAfter is { } seconds) context.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        context.Response.StatusCode = problem.Status;
        return SendAsync(context, json => WriteProblem(json, problem, problem.Status >= 500 ? context.TraceIdentifier : null));
    }

    /// <summary>Counts texts that are to be written, before anything is sent.</summary>
    /// <exception cref="ProblemException">503: too many bytes are in flight.</exception>
    public static void Hold(HttpContext context, long bytes)
    {
        if (bytes > ByteBudget.Uncounted) ByteBudget.Hold(context, bytes);
    }

    /// <summary>Writes a member that is a text in UTF-8, or null; sends what is written so far if it is long.</summary>
    public async ValueTask WriteTextAsync(HttpContext context, string name, byte[]? text)
    {
        if (text is null)
        {
            Json.WriteNull(name);
            return;
        }
        if (text.Length <= PieceBytes)
        {
            Json.WriteString(name, text);
            return;
        }
        Json.WritePropertyName(name);
        for (var start = 0; start < text.Length; start += PieceBytes)
        {
            var isLast = text.Length - start <= PieceBytes;
            Json.WriteStringValueSegment(text.AsSpan(start, isLast ? text.Length - start : PieceBytes), isLast);
            Json.Flush();
            if (!context.Response.HasStarted) SetContentType(context);
            await SendPiecesAsync(context, buffer.WrittenMemory);
            buffer.ResetWrittenCount();
        }
    }

    public async Task SendAsync(HttpContext context)
    {
        Json.Flush();
        if (!context.Response.HasStarted)
        {
            Hold(context, buffer.WrittenCount);
            SetContentType(context);
            context.Response.ContentLength = buffer.WrittenCount;
        }
        await SendPiecesAsync(context, buffer.WrittenMemory);
    }

    public void Dispose()
    {
        if (buffer.Capacity > KeptBufferBytes || kept is not null)
        {
            Json.Dispose();
            return;
        }
        buffer.ResetWrittenCount();
        Json.Reset();
        kept = this;
    }

    /// <summary>Sends bytes of an answer. The server's own minimum rate is no help here: what the network buffered quickly counts as credit for
    /// minutes.</summary>
    public static async ValueTask SendPiecesAsync(HttpContext context, ReadOnlyMemory<byte> bytes)
    {
        var left = bytes;
        while (!left.IsEmpty)
        {
            var piece = left[..Math.Min(left.Length, PieceBytes)];
            var sent = context.Response.BodyWriter.WriteAsync(piece);
            if (sent.IsCompleted) await sent;
            else await FinishInTimeAsync(context, sent.AsTask());
            left = left[piece.Length..];
        }
    }

    private static async Task FinishInTimeAsync(HttpContext context, Task sent)
    {
        try
        {
            await sent.WaitAsync(PieceTime);
        }
        catch (TimeoutException)
        {
            context.Abort();
        }
        context.RequestAborted.ThrowIfCancellationRequested();
    }

    private static void SetContentType(HttpContext context)
    {
        var response = context.Response;
        response.ContentType = response.StatusCode >= 400
            && context.Request.Headers.Accept.ToString().Contains("application/problem+json", StringComparison.OrdinalIgnoreCase)
            ? "application/problem+json"
            : "application/json";
    }

    /// <param name="requestId">By which the log can be searched.</param>
    public static void WriteProblem(Utf8JsonWriter json, ProblemException problem, string? requestId)
    {
        json.WriteStartObject();
        json.WriteString("type", "about:blank");
        json.WriteString("title", Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(problem.Status));
        json.WriteNumber("status", problem.Status);
        if (problem.Fields is { } fields)
        {
            json.WritePropertyName("detail");
            JsonSerializer.Serialize(json, fields, WireJson.Default.IReadOnlyListFieldError);
        }
        else
        {
            json.WriteString("detail", problem.Message);
        }
        json.WriteString("code", problem.Code);
        if (problem.State is { } state) json.WriteString("state", state);
        if (problem.JobId is { } job) json.WriteString("id", job);
        if (problem.NextN is { } nextN) json.WriteNumber("next_n", nextN);
        if (problem.Reached is var (depth, limit))
        {
            json.WriteNumber("depth", depth);
            json.WriteNumber("limit", limit);
        }
        if (requestId is not null) json.WriteString("request_id", requestId);
        json.WriteEndObject();
    }
}
