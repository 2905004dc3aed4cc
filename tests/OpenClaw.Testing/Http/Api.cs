using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace OpenClaw.Testing.Http;

/// <summary>
/// The API as it is on the wire: one call is one request, bodies are sent as they are written, headers are
/// <c>"Name: value"</c>, and no answer is an error.
/// </summary>
public sealed class Api(Uri url, string botToken, string workerToken) : IDisposable
{
    private readonly HttpClient http = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false })
    {
        BaseAddress = url,
        Timeout = TimeSpan.FromSeconds(90),
    };

    public Uri Url => url;

    /// <summary>The header that says: a bot.</summary>
    public string Bot { get; } = "X-Bot-Token: " + botToken;

    /// <summary>The header that says: a worker.</summary>
    public string Worker { get; } = "X-Worker-Token: " + workerToken;

    public Task<Answer> GetAsync(string path, params string[] headers) => SendAsync(HttpMethod.Get, path, null, headers);

    public Task<Answer> PostAsync(string path, string? body, params string[] headers) => SendAsync(HttpMethod.Post, path, Bytes(body), headers);

    /// <summary>Creates a job from a body as it is written.</summary>
    public Task<Answer> CreateFromAsync(string body, params string[] headers) => PostAsync("/jobs", body, [Bot, .. headers]);

    public Task<Answer> CreateAsync(string command, string payload, params string[] headers) =>
        CreateFromAsync($$"""{"command":{{Quote(command)}},"payload":{{Quote(payload)}}}""", headers);

    /// <summary>Creates a job, and its id.</summary>
    public async Task<string> NewJobAsync(string command = "ping", string payload = "hello")
    {
        var answer = await CreateAsync(command, payload);
        return answer.Status == 200 ? answer.Json.Id() : throw new InvalidOperationException($"no job was made: {answer}");
    }

    /// <summary>Creates a job that needs capabilities, and its id.</summary>
    public async Task<string> NewJobNeedingAsync(string payload, params string[] caps)
    {
        var answer = await CreateFromAsync($$$"""{"command":"ping","payload":{{{Quote(payload)}}},"requires":{"caps":{{{JsonSerializer.Serialize(caps)}}}}}""");
        return answer.Status == 200 ? answer.Json.Id() : throw new InvalidOperationException($"no job was made: {answer}");
    }

    public Task<Answer> ReadAsync(string id, string query = "") => GetAsync($"/jobs/{id}{query}", Bot);

    /// <summary>A job as it is now.</summary>
    public async Task<JsonElement> JobAsync(string id, string query = "") => (await ReadAsync(id, query)).Json;

    public Task<Answer> ClaimAsync(params string[] headers) => GetAsync("/jobs/next", [Worker, .. headers]);

    /// <summary>Claims with a long poll.</summary>
    public Task<Answer> PollAsync(int wait, params string[] headers) => GetAsync($"/jobs/next?wait={wait}", [Worker, .. headers]);

    /// <summary>Claims the next job and fails where there is none.</summary>
    public async Task<JsonElement> TakeAsync(params string[] headers)
    {
        var answer = await ClaimAsync(headers);
        return answer.Job ?? throw new InvalidOperationException($"no job was handed out: {answer}");
    }

    public Task<Answer> FinishAsync(string id, string result, params string[] headers) =>
        DoAsync(id, "result", $$"""{"result":{{Quote(result)}}}""", headers);

    public Task<Answer> FailAsync(string id, string error, params string[] headers) =>
        DoAsync(id, "fail", $$"""{"error":{{Quote(error)}}}""", headers);

    /// <summary>A worker's call on one job: <c>result</c>, <c>fail</c>, <c>heartbeat</c>, <c>release</c>.</summary>
    public Task<Answer> DoAsync(string id, string verb, string? body, params string[] headers) =>
        PostAsync($"/jobs/{id}/{verb}", body, [Worker, .. headers]);

    public Task<Answer> CancelAsync(string id, string? body = null) => PostAsync($"/jobs/{id}/cancel", body, Bot);

    /// <summary>A text as JSON, as other languages write it: only what must be escaped is.</summary>
    public static string Quote(string text) => JsonSerializer.Serialize(text, Relaxed);

    public async Task<Answer> SendAsync(HttpMethod method, string path, byte[]? body, params string[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null || method == HttpMethod.Post) request.Content = new ByteArrayContent(body ?? []);
        if (body is not null) request.Content!.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        foreach (var header in headers) Add(request, header);
        using var response = await http.SendAsync(request);
        var text = Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync());
        return new Answer((int)response.StatusCode, text, Flatten(response));
    }

    public void Dispose() => http.Dispose();

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static byte[]? Bytes(string? body) => body is null ? null : Encoding.UTF8.GetBytes(body);

    private static void Add(HttpRequestMessage request, string header)
    {
        var colon = header.IndexOf(':');
        var (name, value) = (header[..colon], header[(colon + 1)..].TrimStart());
        if (name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase))
        {
            request.Content!.Headers.Remove(name);
            if (value.Length > 0) request.Content.Headers.TryAddWithoutValidation(name, value);
        }
        else if (!request.Headers.TryAddWithoutValidation(name, value))
        {
            throw new ArgumentException($"the client refuses the header '{header}': send it with {nameof(RawConnection)}");
        }
    }

    private static Dictionary<string, string> Flatten(HttpResponseMessage response) =>
        response.Headers.Concat(response.Content.Headers)
            .ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase);
}
