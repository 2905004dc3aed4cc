using System.Net.Sockets;
using System.Text;
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
    private RawConnection? connection;

    public Task<(Phase Phase, Answer? Answer)> CreateAsync(string payload, string? key)
    {
        var invoke = recorder.Invoke(name, Operation.Create, key: key, value: payload);
        var body = $$"""{"command":"ping","payload":{{Api.Quote(payload)}}}""";
        return SendAsync(invoke, "POST /jobs", body, a => (a.Json.Id(), 0, null), Bot, key is null ? null : $"Idempotency-Key: {key}");
    }

    public Task<(Phase Phase, Answer? Answer)> ReadAsync(string job, int wait) =>
        SendAsync(recorder.Invoke(name, Operation.Read, job), $"GET /jobs/{job}?wait={wait}", null, a => (null, 0, a["state"].GetString()), Bot);

    public Task<(Phase Phase, Answer? Answer)> ClaimAsync(int wait, string? claimId)
    {
        var invoke = recorder.Invoke(name, Operation.Claim, key: claimId);
        return SendAsync(invoke, $"GET /jobs/next?wait={wait}", null, Read, Worker, $"X-Worker-Id: {name}", claimId is null ? null : $"X-Claim-Id: {claimId}");

        static (string?, int, string?) Read(Answer answer) => answer.Job is { } job ? (job.Id(), job.Number("attempt"), null) : (null, 0, null);
    }

    /// <summary>A worker's word on a job: <see cref="Operation.Result"/>, <see cref="Operation.Fail"/> or <see cref="Operation.Release"/>.</summary>
    public Task<(Phase Phase, Answer? Answer)> SayAsync(Operation operation, string job, int attempt, string? token, string? text)
    {
        var (verb, body) = operation switch
        {
            Operation.Result => ("result", $$"""{"result":{{Api.Quote(text!)}}}"""),
            Operation.Fail => ("fail", $$"""{"error":{{Api.Quote(text!)}}}"""),
            _ => ("release", ""),
        };
        var invoke = recorder.Invoke(name, operation, job, attempt, token, text);
        return SendAsync(invoke, $"POST /jobs/{job}/{verb}", body, a =>
            (null, 0, a["status"].GetString()), Worker, $"X-Worker-Id: {name}", token is null ? null : $"X-Lease-Token: {token}");
    }

    public void Dispose() => connection?.Dispose();

    private async Task<(Phase, Answer?)> SendAsync(Event invoke, string request, string? body, Func<Answer,
        (string? Job, int Attempt, string? Value)> read, params string?[] headers)
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
            var (job, attempt, value) = phase == Phase.Ok ? read(answer) : (null, 0, $"{answer.Status}");
            recorder.End(invoke, phase, job, attempt, value);
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
