using System.Buffers;
using System.Collections.Concurrent;
using System.Text.Json;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Http;

/// <summary>A compact JSON answer, built in a pooled buffer and sent at once with its length.</summary>
internal sealed class Answer : IDisposable
{
    private const int KeptBufferBytes = 64 * 1024;
    private static readonly ConcurrentBag<Answer> Pool = [];
    private static readonly JsonWriterOptions Options = new() { Encoder = JsonEncoder.Instance, SkipValidation = true };

    private readonly ArrayBufferWriter<byte> buffer = new(1024);

    private Answer() => Json = new Utf8JsonWriter(buffer, Options);

    public Utf8JsonWriter Json { get; }

    public static Answer Rent() => Pool.TryTake(out var answer) ? answer : new Answer();

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
        return SendAsync(context, json => WriteProblem(json, problem));
    }

    public async Task SendAsync(HttpContext context)
    {
        Json.Flush();
        var response = context.Response;
        response.ContentType = response.StatusCode >= 400 && context.Request.Headers.Accept.ToString().Contains("application/problem+json", StringComparison.OrdinalIgnoreCase)
            ? "application/problem+json"
            : "application/json";
        response.ContentLength = buffer.WrittenCount;
        await response.BodyWriter.WriteAsync(buffer.WrittenMemory, CancellationToken.None);
    }

    public void Dispose()
    {
        if (buffer.Capacity > KeptBufferBytes || Pool.Count > 64)
        {
            Json.Dispose();
            return;
        }
        buffer.ResetWrittenCount();
        Json.Reset();
        Pool.Add(this);
    }

    private static void WriteProblem(Utf8JsonWriter json, ProblemException problem)
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
        json.WriteEndObject();
    }
}
