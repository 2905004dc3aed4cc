using System.Net;
using System.Text.Json.Nodes;
using OpenClaw.Contracts;
using OpenClaw.Testing;

namespace OpenClaw.Broker.Tests;

/// <summary>Somebody with a token, over HTTP.</summary>
internal sealed class Caller(BrokerFixture broker, string header, string token)
{
    public const string AdminToken = "admin-token-of-the-tests-0123456789abcdef";

    /// <summary>A broker with an admin, and without the dashboard, which has tests of its own and takes longer to start than all else of ours.</summary>
    public static Task<BrokerFixture> StartAsync(Func<BrokerOptions, BrokerOptions>? configure = null) =>
        BrokerFixture.StartAsync(configure: o => (configure ?? (static o => o))(o with { AdminToken = AdminToken, AllowDashboard = false }));

    public static Caller Bot(BrokerFixture broker) => new(broker, HeaderNames.BotToken, BrokerProcess.BotToken);

    public static Caller Worker(BrokerFixture broker) => new(broker, HeaderNames.WorkerToken, BrokerProcess.WorkerToken);

    public static Caller Admin(BrokerFixture broker) => new(broker, HeaderNames.BotToken, AdminToken);

    public string Text => token;

    public string Header => header;

    /// <summary>Has the admin make a token, and is its owner.</summary>
    /// <param name="fields">Further members of the request, such as <c>"commands": ["ping"]</c>.</param>
    public static async Task<Caller> MakeAsync(BrokerFixture broker, string name, string role, string fields = "")
    {
        var made = await Admin(broker).PostAsync("tokens", $$"""{"name": "{{name}}", "role": "{{role}}"{{(fields.Length == 0 ? "" : ", " + fields)}}}""");
        Assert.True(made.Status == HttpStatusCode.OK, made.Text);
        return new Caller(broker, role == "worker" ? HeaderNames.WorkerToken : HeaderNames.BotToken, (string)made.Json["token"]!);
    }

    /// <summary>The same token as <c>Authorization: Bearer</c>.</summary>
    public Caller AsBearer() => new(broker, "Authorization", "Bearer " + token);

    public Task<Reply> GetAsync(string path, params string[] headers) => SendAsync(HttpMethod.Get, path, null, headers);

    public Task<Reply> PostAsync(string path, string? body = null, params string[] headers) => SendAsync(HttpMethod.Post, path, body, headers);

    public Task<Reply> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path, null);

    public async Task<string> CreateAsync(string command = "ping", params string[] headers)
    {
        var made = await PostAsync("jobs", $$"""{"command": "{{command}}", "payload": "p"}""", headers);
        Assert.True(made.Status == HttpStatusCode.OK, made.Text);
        return (string)made.Json["id"]!;
    }

    /// <summary>Claims as a worker; null where there is nothing.</summary>
    public async Task<JsonNode?> ClaimAsync(string worker)
    {
        var answer = await GetAsync("jobs/next", $"X-Worker-Id: {worker}");
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Text);
        return answer.Json["job"];
    }

    public async Task<Reply> SendAsync(HttpMethod method, string path, string? body, params string[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.TryAddWithoutValidation(header, token);
        foreach (var line in headers) request.Headers.TryAddWithoutValidation(line[..line.IndexOf(':')], line[(line.IndexOf(':') + 1)..].Trim());
        if (body is not null) request.Content = new StringContent(body, null, "application/json");
        using var answer = await broker.Http.SendAsync(request);
        return new Reply(answer.StatusCode, await answer.Content.ReadAsStringAsync(), answer.Headers.RetryAfter?.Delta);
    }
}

internal sealed record Reply(HttpStatusCode Status, string Text, TimeSpan? RetryAfter)
{
    public JsonNode Json => JsonNode.Parse(Text)!;

    public string? Detail => (string?)Json["detail"];

    public string? Code => (string?)Json["code"];
}
