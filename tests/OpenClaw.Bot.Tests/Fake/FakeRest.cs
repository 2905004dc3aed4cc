using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace OpenClaw.Bot.Tests.Fake;

/// <summary>What goes wrong with a request.</summary>
internal sealed record Fault(int Status)
{
    /// <summary>Whether it takes effect all the same.</summary>
    public bool Effect { get; init; }

    /// <summary>The connection is cut instead of an answer.</summary>
    public bool Drop { get; init; }

    /// <summary>No answer and no cut either.</summary>
    public bool Hang { get; init; }

    public string Body { get; init; } = """{"message":"as ordered","code":0}""";
    public string ContentType { get; init; } = "application/json";
    public Dictionary<string, string> Headers { get; init; } = [];

    public static Fault LostAnswer { get; } = new(200) { Effect = true, Drop = true };

    public static Fault Limited(double seconds, string scope, bool global = false) => new(429)
    {
        Body = string.Create(CultureInfo.InvariantCulture,
            $$"""{"message":"You are being rate limited.","retry_after":{{seconds}},"global":{{(global ? "true" : "false")}}}"""),
        Headers = new() { ["Retry-After"] = Math.Ceiling(seconds).ToString(CultureInfo.InvariantCulture), ["X-RateLimit-Scope"] = scope },
    };
}

/// <summary>The REST API: requests are checked, recorded, spoilt where ordered, counted in buckets, and done.</summary>
internal sealed class FakeRest(FakeDiscord discord)
{
    private readonly List<(string Method, string Path, Fault Fault, int Left)> faults = [];
    private readonly Dictionary<string, (DateTimeOffset Since, int Count)> buckets = [];
    private readonly Queue<DateTimeOffset> lastSecond = new();

    public List<RecordedRequest> Requests { get; } = [];
    public FakeChannels Channels { get; } = new(discord);

    /// <summary>Requests that a bucket takes in its window.</summary>
    public int BucketLimit { get; set; } = 1000;
    public TimeSpan BucketWindow { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Spoils the next requests whose path holds this text.</summary>
    public void Spoil(string method, string path, Fault fault, int times = 1)
    {
        lock (discord.Gate) faults.Add((method, path, fault, times));
    }

    public IReadOnlyList<RecordedRequest> Of(string method, string path)
    {
        lock (discord.Gate) return [.. Requests.Where(r => r.Method == method && r.Path.Contains(path, StringComparison.Ordinal))];
    }

    public async Task AnswerAsync(HttpContext context)
    {
        var request = await ReadAsync(context);
        Check(request, context);
        lock (discord.Gate) Requests.Add(request);
        if (discord.IsAway)
        {
            await WriteAsync(context, request, 503, null);
        }
        else if (TakeFault(request) is { } fault)
        {
            await SpoilAsync(context, request, fault);
        }
        else if (Overrun(context, request))
        {
            await WriteAsync(context, request, 429, JsonNode.Parse(Fault.Limited(1, "user").Body));
        }
        else
        {
            var (status, body) = Do(request);
            await WriteAsync(context, request, status, body);
        }
        discord.Changed();
    }

    private async Task<RecordedRequest> ReadAsync(HttpContext context)
    {
        var headers = context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        var (path, query) = (context.Request.Path.ToString(), context.Request.QueryString.ToString());
        if (context.Request.HasFormContentType)
        {
            var form = await context.Request.ReadFormAsync();
            var files = new List<(string, string)>();
            foreach (var file in form.Files)
            {
                if (!file.Name.StartsWith("files[", StringComparison.Ordinal)) discord.Violation($"a file part named {file.Name}");
                using var reader = new StreamReader(file.OpenReadStream(), Encoding.UTF8);
                files.Add((file.FileName, await reader.ReadToEndAsync()));
            }
            var json = JsonNode.Parse(form["payload_json"].ToString());
            return new RecordedRequest(context.Request.Method, path, json as JsonObject, headers, discord.Clock.GetUtcNow())
                { Files = files, Body = json, Query = query };
        }
        using var body = new StreamReader(context.Request.Body, Encoding.UTF8);
        var text = await body.ReadToEndAsync();
        var node = text.Length == 0 ? null : JsonNode.Parse(text);
        return new RecordedRequest(context.Request.Method, path, node as JsonObject, headers, discord.Clock.GetUtcNow()) { Body = node, Query = query };
    }

    private void Check(RecordedRequest request, HttpContext context)
    {
        var where = $"{request.Method} {request.Path}";
        if (!request.Headers.GetValueOrDefault("User-Agent", "").StartsWith("DiscordBot (", StringComparison.Ordinal))
            discord.Violation($"{where} without a User-Agent");
        var ownToken = request.Path.StartsWith("/interactions/", StringComparison.Ordinal) || request.Path.StartsWith("/webhooks/", StringComparison.Ordinal);
        if (!ownToken && request.Headers.GetValueOrDefault("Authorization") != $"Bot {FakeDiscord.Token}") context.Items["refused"] = true;
        var message = request.Path.EndsWith("/callback", StringComparison.Ordinal)
            ? request.Json?["data"] as JsonObject
            : request.Path.Contains("/messages", StringComparison.Ordinal) ? request.Json : null;
        var suggests = request.Json?["type"]?.GetValue<int>() == 8 && request.Path.EndsWith("/callback", StringComparison.Ordinal);
        if (suggests && message?["choices"]?.AsArray().Count > 25) discord.Violation("more than 25 choices");
        if (message is null || suggests) return;
        if (message["allowed_mentions"]?.ToJsonString() != """{"parse":[]}""")
            discord.Violation($"{where} could ping somebody: {message["allowed_mentions"]?.ToJsonString() ?? "no allowed_mentions"}");
        if (message["content"]?.GetValue<string>().Length > 2000) discord.Violation($"{where} has more than 2,000 characters");
        if (message["nonce"]?.GetValue<string>().Length > 25) discord.Violation($"{where} has a nonce of more than 25 characters");
        if (message["message_reference"] is JsonObject reference && reference["fail_if_not_exists"]?.GetValue<bool>() != false)
            discord.Violation($"{where} fails when the message it answers is gone");
        foreach (var id in (message["components"] as JsonArray ?? [])
            .SelectMany(row => row!["components"]!.AsArray()).Select(b => b!["custom_id"]!.GetValue<string>()))
        {
            if (id.Length > 100) discord.Violation($"{where} has a custom_id of {id.Length} characters");
        }
        if (request.Method == "POST" && request.Path.StartsWith("/channels/", StringComparison.Ordinal) && message["enforce_nonce"]?.GetValue<bool>() != true)
            discord.Violation($"{where} without enforce_nonce");
    }

    private Fault? TakeFault(RecordedRequest request)
    {
        lock (discord.Gate)
        {
            var at = faults.FindIndex(f => f.Method == request.Method && request.Path.Contains(f.Path, StringComparison.Ordinal));
            if (at < 0) return null;
            var (method, path, fault, left) = faults[at];
            if (left > 1) faults[at] = (method, path, fault, left - 1);
            else faults.RemoveAt(at);
            return fault;
        }
    }

    private async Task SpoilAsync(HttpContext context, RecordedRequest request, Fault fault)
    {
        if (fault.Effect) Do(request);
        lock (discord.Gate) request.Status = fault.Drop || fault.Hang ? 0 : fault.Status;
        discord.Changed();
        if (fault.Hang) await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        if (fault.Drop || fault.Hang)
        {
            context.Abort();
            return;
        }
        context.Response.StatusCode = fault.Status;
        context.Response.ContentType = fault.ContentType;
        foreach (var (name, value) in fault.Headers) context.Response.Headers[name] = value;
        await context.Response.WriteAsync(fault.Body);
    }

    /// <summary>Counts the request and tells the client its bucket; true when it was one too many.</summary>
    private bool Overrun(HttpContext context, RecordedRequest request)
    {
        var parts = request.Path.Split('/');
        if (parts[1] is "interactions") return false;
        lock (discord.Gate)
        {
            var now = discord.Clock.GetUtcNow();
            while (lastSecond.TryPeek(out var oldest) && now - oldest >= TimeSpan.FromSeconds(1)) lastSecond.Dequeue();
            lastSecond.Enqueue(now);
            if (lastSecond.Count > 50) discord.Violation("more than 50 requests in a second");
            var route = $"{request.Method}-{parts[1]}-{(parts.Length > 3 ? parts[3] : "")}";
            var key = $"{route}:{(parts.Length > 2 ? parts[2] : "")}:{(parts[1] == "webhooks" ? parts[3] : "")}";
            var (since, count) = buckets.GetValueOrDefault(key);
            if (now - since >= BucketWindow) (since, count) = (now, 0);
            buckets[key] = (since, ++count);
            var left = (since + BucketWindow - now).TotalSeconds;
            context.Response.Headers["X-RateLimit-Bucket"] = "hash-of-" + route;
            context.Response.Headers["X-RateLimit-Limit"] = BucketLimit.ToString(CultureInfo.InvariantCulture);
            context.Response.Headers["X-RateLimit-Remaining"] = Math.Max(0, BucketLimit - count).ToString(CultureInfo.InvariantCulture);
            context.Response.Headers["X-RateLimit-Reset-After"] = left.ToString("0.000", CultureInfo.InvariantCulture);
            if (count <= BucketLimit) return false;
            discord.Violation($"bucket overrun: {request.Method} {request.Path}");
            return true;
        }
    }

    private (int Status, JsonNode? Body) Do(RecordedRequest request)
    {
        var parts = request.Path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (request.Headers.GetValueOrDefault("Authorization") != $"Bot {FakeDiscord.Token}" && parts[0] is not ("interactions" or "webhooks"))
            return Error(401, 0, "401: Unauthorized");
        lock (discord.Gate)
        {
            return (request.Method, parts) switch
            {
                ("GET", ["gateway", "bot"]) => (200, discord.Gateway.Bot()),
                ("PUT", ["applications", FakeDiscord.ApplicationId, "commands"]) => (200, request.Body?.DeepClone()),
                ("POST", ["users", "@me", "channels"]) => Channels.OpenDirect(request.Json!),
                ("GET", ["channels", var channel, "messages"]) => Channels.List(channel, request),
                ("POST", ["channels", var channel, "messages"]) => Channels.Create(channel, request),
                ("PATCH", ["channels", var channel, "messages", var id]) => Channels.Edit(channel, id, request),
                ("POST", ["channels", _, "typing"]) => (204, null),
                ("POST", ["interactions", var id, var token, "callback"]) => Channels.Callback(id, token, request),
                ("PATCH", ["webhooks", _, var token, "messages", "@original"]) => Channels.FillIn(token, request),
                ("GET", ["webhooks", _, var token, "messages", "@original"]) => Channels.Original(token),
                _ => Error(404, 0, "404: Not Found"),
            };
        }
    }

    internal static (int Status, JsonNode? Body) Error(int status, int code, string message) =>
        (status, new JsonObject { ["message"] = message, ["code"] = code });

    private async Task WriteAsync(HttpContext context, RecordedRequest request, int status, JsonNode? body)
    {
        lock (discord.Gate) request.Status = status;
        context.Response.StatusCode = status;
        if (body is null) return;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(body.ToJsonString());
    }
}
