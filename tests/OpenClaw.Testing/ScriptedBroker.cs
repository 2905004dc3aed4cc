using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Threading.Channels;

namespace OpenClaw.Testing;

/// <summary>
/// A real HTTP server on loopback whose answers the test decides: for what a healthy broker never does, such as losing an
/// answer, and for what the original one does.
/// </summary>
public sealed class ScriptedBroker : IAsyncDisposable
{
    private readonly HttpListener listener = new();
    private readonly Func<ScriptedRequest, ScriptedAnswer> script;
    private readonly Channel<ScriptedRequest> requests = Channel.CreateUnbounded<ScriptedRequest>();
    private readonly ConcurrentBag<HttpListenerContext> held = [];
    private readonly Task loop;

    /// <param name="script">Called for one request at a time.</param>
    public ScriptedBroker(Func<ScriptedRequest, ScriptedAnswer> script)
    {
        this.script = script;
        Url = new Uri($"http://127.0.0.1:{FreePort.Take()}");
        listener.Prefixes.Add(Url.AbsoluteUri);
        listener.Start();
        loop = ServeAsync();
    }

    public Uri Url { get; }

    /// <summary>Whether the script also answers what runners tell of themselves and ask for; else nobody does, as at the original broker.</summary>
    public bool HearsWorkers { get; init; }

    /// <summary>What a request's answer waits for, while others are answered; nothing, where it is not set.</summary>
    public Func<ScriptedRequest, Task>? HoldsUp { get; init; }

    /// <summary>The next request that nobody has looked at yet and that fits.</summary>
    public async Task<ScriptedRequest> NextAsync(string pathEnding)
    {
        using var deadline = new CancellationTokenSource(Broken.After);
        await foreach (var request in requests.Reader.ReadAllAsync(deadline.Token))
        {
            if (request.Path.EndsWith(pathEnding, StringComparison.Ordinal)) return request;
        }
        throw new InvalidOperationException("closed");
    }

    /// <summary>All requests so far that <see cref="NextAsync"/> has not passed.</summary>
    public IReadOnlyList<ScriptedRequest> Take()
    {
        var taken = new List<ScriptedRequest>();
        while (requests.Reader.TryRead(out var request)) taken.Add(request);
        return taken;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var context in held) context.Response.Abort();
        listener.Close();
        await loop;
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
            using var reader = new StreamReader(context.Request.InputStream, Encoding.UTF8);
            var request = new ScriptedRequest(
                context.Request.HttpMethod, context.Request.Url!.AbsolutePath, context.Request.Url.Query,
                context.Request.Headers.AllKeys.ToDictionary(k => k!, k =>
                    context.Request.Headers[k]!, StringComparer.OrdinalIgnoreCase), await reader.ReadToEndAsync());
            if (!HearsWorkers && request.Path.StartsWith("/workers/me", StringComparison.Ordinal))
            {
                Answer(context, new ScriptedAnswer(404, """{"detail":"Not Found"}"""));
                continue;
            }
            var answer = script(request);
            if (HoldsUp?.Invoke(request) is { IsCompleted: false } later) _ = AnswerLaterAsync(context, answer, later);
            else Answer(context, answer);
            requests.Writer.TryWrite(request);
        }
    }

    private async Task AnswerLaterAsync(HttpListenerContext context, ScriptedAnswer answer, Task later)
    {
        await later;
        Answer(context, answer);
    }

    private void Answer(HttpListenerContext context, ScriptedAnswer answer)
    {
        try
        {
            switch (answer.Status)
            {
                case ScriptedAnswer.HoldStatus:
                    held.Add(context);
                    return;
                case ScriptedAnswer.LoseStatus:
                    context.Response.ContentLength64 = 100;
                    context.Response.OutputStream.WriteByte((byte)' ');
                    context.Response.Abort();
                    return;
                case ScriptedAnswer.EndlessStatus:
                    context.Response.SendChunked = true;
                    var piece = Encoding.UTF8.GetBytes(new string(' ', 1 << 16));
                    while (true) context.Response.OutputStream.Write(piece);
            }
            context.Response.StatusCode = answer.Status;
            context.Response.ContentType = answer.ContentType;
            if (answer.RetryAfter is not null) context.Response.AddHeader("Retry-After", answer.RetryAfter);
            if (answer.Location is not null) context.Response.RedirectLocation = answer.Location;
            context.Response.Close(Encoding.UTF8.GetBytes(answer.Json), willBlock: true);
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or IOException)
        {
            // The client is gone.
        }
    }
}

public sealed record ScriptedRequest(string Method, string Path, string Query, IReadOnlyDictionary<string, string> Headers, string Body);

/// <summary>What to answer.</summary>
public sealed record ScriptedAnswer(int Status, string Json, string? Location = null)
{
    internal const int HoldStatus = -1;
    internal const int LoseStatus = -2;
    internal const int EndlessStatus = -3;

    public string ContentType { get; init; } = "application/json";

    public string? RetryAfter { get; init; }

    /// <summary>Never answers: a long poll, or a network that swallows.</summary>
    public static ScriptedAnswer Hold { get; } = new(HoldStatus, "");

    /// <summary>Cuts the connection in the middle of the answer.</summary>
    public static ScriptedAnswer Lose { get; } = new(LoseStatus, "");

    /// <summary>A body that goes on until the client has had enough.</summary>
    public static ScriptedAnswer Endless { get; } = new(EndlessStatus, "");

    public static ScriptedAnswer NoJob { get; } = Ok("""{"job":null}""");

    public static ScriptedAnswer Ok(string json) => new(200, json);

    /// <summary>An error as our broker words it.</summary>
    public static ScriptedAnswer Problem(int status, string code, string? state = null) =>
        new(status, $$"""{"status":{{status}},"detail":"as scripted","code":"{{code}}","state":{{(state is null ? "null" : $"\"{state}\"")}}}""");

    /// <summary>A claim's answer; without a lease token, as the original broker answers.</summary>
    public static ScriptedAnswer Job(string id, string command, string payload, string? leaseToken = "lease-1", int? timeout = null)
    {
        var lease = leaseToken is null ? "" : $", \"state\":\"running\",\"attempt\":1,\"lease_seconds\":30,\"lease_token\":\"{leaseToken}\"";
        var job = $"\"id\":\"{id}\",\"status\":\"running\",\"command\":\"{command}\",\"payload\":\"{payload}\"{lease}";
        if (timeout is not null) job += $",\"timeout_seconds\":{timeout}";
        return Ok("{\"job\":{" + job + "}}");
    }
}
