using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenClaw.Testing;

namespace OpenClaw.Bot.Tests;

/// <summary>A broker with the Python one's API and nothing more: no wait, no keys, no lists, no cancel.</summary>
internal sealed class PythonLikeBroker : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly Lock gate = new();

    private PythonLikeBroker(int port)
    {
        Url = new Uri($"http://127.0.0.1:{port}");
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls(Url.AbsoluteUri);
        builder.Services.AddRoutingCore();
        builder.Logging.ClearProviders();
        app = builder.Build();
        app.Run(AnswerAsync);
    }

    public Uri Url { get; }
    public List<JsonObject> Jobs { get; } = [];
    public int Reads { get; private set; }

    /// <summary>The next creates take effect and are then cut off.</summary>
    public int LosesAnswers { get; set; }

    /// <summary>Takes requests and never answers.</summary>
    public bool Hangs { get; set; }

    public static async Task<PythonLikeBroker> StartAsync()
    {
        var broker = new PythonLikeBroker(FreePort.Take());
        await broker.app.StartAsync();
        return broker;
    }

    public void Set(int job, string status, string? result = null)
    {
        lock (gate) (Jobs[job]["status"], Jobs[job]["result"]) = (status, result);
    }

    public async ValueTask DisposeAsync()
    {
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await app.StopAsync(soon.Token);
        await app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        if (Hangs) await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        var (status, body) = context.Request.Headers["X-Bot-Token"] == BrokerProcess.BotToken ? await DoAsync(context) : (401, Detail("bad bot token"));
        context.Response.StatusCode = status;
        if (LosesAnswers > 0 && context.Request.Method == "POST")
        {
            LosesAnswers--;
            context.Abort();
            return;
        }
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(body.ToJsonString());
    }

    private async Task<(int, JsonObject)> DoAsync(HttpContext context)
    {
        var parts = context.Request.Path.ToString().Split('/', StringSplitOptions.RemoveEmptyEntries);
        switch (context.Request.Method, parts)
        {
            case ("POST", ["jobs"]):
                var asked = (await JsonNode.ParseAsync(context.Request.Body))!.AsObject();
                var job = new JsonObject
                {
                    ["id"] = Guid.NewGuid().ToString(), ["created_at"] = 1,
                    ["started_at"] = null, ["finished_at"] = null, ["lease_until"] = null, ["status"] = "queued",
                    ["command"] = asked["command"]!.DeepClone(), ["payload"] = asked["payload"]!.DeepClone(),
                    ["result"] = null, ["error"] = null, ["worker_id"] = null,
                };
                lock (gate) Jobs.Add(job);
                return (200, new JsonObject { ["id"] = job["id"]!.DeepClone(), ["status"] = "queued" });
            case ("GET", ["jobs", var id]):
                lock (gate)
                {
                    Reads++;
                    return Jobs.FirstOrDefault(j => j["id"]!.GetValue<string>() == id) is { } found
                        ? (200, found.DeepClone().AsObject())
                        : (404, Detail("job not found"));
                }
            case (_, ["jobs"]):
                return (405, Detail("Method Not Allowed"));
            default:
                return (404, Detail("Not Found"));
        }
    }

    private static JsonObject Detail(string text) => new() { ["detail"] = text };
}
