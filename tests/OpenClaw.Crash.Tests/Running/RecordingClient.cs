using System.Net.Sockets;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpenClaw.Crash.Tests.History;
using OpenClaw.Testing;
using OpenClaw.Testing.Http;

namespace OpenClaw.Crash.Tests.Running;

/// <summary>
/// One client on one connection that writes down each call before it is sent and after it is answered. It never sends a
/// request twice by itself, as an HTTP library may, since then the history would not tell the truth.
/// </summary>
internal sealed class RecordingClient(string name, BrokerUnderFire broker, Recorder recorder) : IDisposable
{
    private const string Bot = $"X-Bot-Token: {BrokerProcess.BotToken}";
    private const string Worker = $"X-Worker-Token: {BrokerProcess.WorkerToken}";
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private RawConnection? connection;

    public Task<(Phase Phase, Answer? Answer)> CreateAsync(string payload, string? key, JobTerms terms)
    {
        var invoke = recorder.Invoke(name, Operation.Create, e => e with { Key = key, Value = payload, Terms = terms });
        return SendAsync(invoke, "POST /jobs", Body(payload, terms), Read, Bot, key is null ? null : $"Idempotency-Key: {key}");

        Said Read(Answer answer) => new(terms.UniqueKey is null || answer["created"].GetBoolean() ? null : Call.Found, answer.Json.Id());
    }

    public Task<(Phase Phase, Answer? Answer)> ReadAsync(string job, int wait) =>
        SendAsync(Invoke(Operation.Read, job), $"GET /jobs/{job}?wait={wait}", null, a => new Said(a["state"].GetString()), Bot);

    public Task<(Phase Phase, Answer? Answer)> CancelAsync(string job, string reason)
    {
        var invoke = recorder.Invoke(name, Operation.Cancel, e => e with { Job = job, Value = reason });
        return SendAsync(invoke, $"POST /jobs/{job}/cancel", $$"""{"reason":{{Api.Quote(reason)}}}""", Read, Bot);

        static Said Read(Answer answer) => new(answer.Json.TryGetProperty("note", out var note) ? note.GetString()
            : answer["status"].GetString() is "failed" ? "cancelled" : answer["status"].GetString());
    }

    /// <summary>A person's word on a job: <see cref="Operation.Retry"/>, <see cref="Operation.Hold"/> or <see cref="Operation.Unhold"/>.</summary>
    public Task<(Phase Phase, Answer? Answer)> ChangeAsync(Operation operation, string job) =>
        SendAsync(Invoke(operation, job), $"POST /jobs/{job}/{operation.ToString().ToLowerInvariant()}", "",
            a => new Said(a["state"].GetString(), Round: a.Json.Number("round")), Bot);

    public Task<(Phase Phase, Answer? Answer)> ClaimAsync(int wait, string? claimId)
    {
        var invoke = recorder.Invoke(name, Operation.Claim, e => e with { Key = claimId });
        return SendAsync(invoke, $"GET /jobs/next?wait={wait}", null, Read, Worker, $"X-Worker-Id: {name}", claimId is null ? null : $"X-Claim-Id: {claimId}");

        static Said Read(Answer answer) => answer.Job is { } job ? new Said(null, job.Id(), job.Number("attempt"), job.Number("round")) : default;
    }

    /// <summary>A worker's word on the job that it claimed: a result, a failure of either kind or <see cref="Operation.Release"/>.</summary>
    public Task<(Phase Phase, Answer? Answer)> SayAsync(Operation operation, JsonElement job, string? token, string? text)
    {
        var (verb, body) = operation switch
        {
            Operation.Result => ("result", $$"""{"result":{{Api.Quote(text!)}}}"""),
            Operation.Fail => ("fail", $$"""{"error":{{Api.Quote(text!)}}}"""),
            Operation.FailForGood => ("fail", $$"""{"error":{{Api.Quote(text!)}},"retryable":false}"""),
            _ => ("release", ""),
        };
        var invoke = recorder.Invoke(name, operation, e => e with
        {
            Job = job.Id(), Attempt = job.Number("attempt"), Round = job.Number("round"), Key = token, Value = text,
        });
        return SendAsync(invoke, $"POST /jobs/{job.Id()}/{verb}", body, a => new Said(a["status"].GetString()), Worker, $"X-Worker-Id: {name}",
            token is null ? null : $"X-Lease-Token: {token}");
    }

    public void Dispose() => connection?.Dispose();

    private Event Invoke(Operation operation, string job) => recorder.Invoke(name, operation, e => e with { Job = job });

    private static string Body(string payload, JobTerms terms)
    {
        var body = new JsonObject { ["command"] = "ping", ["payload"] = payload };
        if (terms.MaxAttempts > 1)
        {
            body["max_attempts"] = terms.MaxAttempts;
            body["backoff"] = new JsonObject { ["initial_seconds"] = 0.2, ["max_seconds"] = 0.5 };
        }
        if (terms.UniqueKey is { } key) body["unique"] = new JsonObject { ["key"] = key, ["on_conflict"] = terms.OnConflict };
        if (terms.DependsOn is not null)
        {
            body["depends_on"] = new JsonArray([.. terms.Parents.Select(static p => new JsonObject { ["id"] = p.Job, ["if_failed"] = p.IfFailed })]);
        }
        return body.ToJsonString(Relaxed);
    }

    private async Task<(Phase, Answer?)> SendAsync(Event invoke, string request, string? body, Func<Answer, Said> read, params string?[] headers)
    {
        try
        {
            connection ??= await RawConnection.OpenAsync(broker.Process.Url);
        }
        catch (SocketException)
        {
            recorder.End(invoke, Phase.Refused);
            await broker.Up;
            return (Phase.Refused, null);
        }
        try
        {
            var framing = body is null ? null : $"Content-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}";
            await connection.SendAsync(RawConnection.Head(request, [.. headers.Append("Host: broker").Append(framing).OfType<string>()]) + body);
            var answer = await connection.ReceiveAsync();
            var phase = answer.Status switch { 200 => Phase.Ok, 503 or 507 or < 500 => Phase.Refused, _ => Phase.Unknown };
            recorder.End(invoke, phase, phase == Phase.Ok ? read(answer) : new Said($"{answer.Status}"));
            return (phase, answer);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            connection.Dispose();
            connection = null;
            recorder.End(invoke, Phase.Unknown);
            await broker.Up;
            return (Phase.Unknown, null);
        }
    }
}
