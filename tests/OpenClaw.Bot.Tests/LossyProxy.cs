using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenClaw.Testing;

namespace OpenClaw.Bot.Tests;

/// <summary>Stands between the bot and a broker, hands every request on, and loses answers where a test wants that.</summary>
internal sealed class LossyProxy : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly HttpClient http = new();
    private readonly Uri broker;

    private LossyProxy(Uri broker)
    {
        this.broker = broker;
        Url = new Uri($"http://127.0.0.1:{FreePort.Take()}");
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls(Url.AbsoluteUri);
        builder.Services.AddRoutingCore();
        builder.Logging.ClearProviders();
        app = builder.Build();
        app.Run(HandOnAsync);
    }

    public Uri Url { get; }

    /// <summary>How many answers to POST are lost next.</summary>
    public int Loses { get; set; }

    public int Lost { get; private set; }

    public static async Task<LossyProxy> StartAsync(Uri broker)
    {
        var proxy = new LossyProxy(broker);
        await proxy.app.StartAsync();
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await app.StopAsync(soon.Token);
        await app.DisposeAsync();
        http.Dispose();
    }

    private async Task HandOnAsync(HttpContext context)
    {
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), new Uri(broker, context.Request.Path + context.Request.QueryString));
        foreach (var (name, value) in context.Request.Headers)
        {
            if (name.StartsWith("X-", StringComparison.OrdinalIgnoreCase) || name == "Idempotency-Key")
                request.Headers.TryAddWithoutValidation(name, value.ToString());
        }
        using var body = new StreamReader(context.Request.Body);
        if (await body.ReadToEndAsync() is { Length: > 0 } text) request.Content = new StringContent(text, null, "application/json");
        using var answer = await http.SendAsync(request);
        if (Loses > 0 && request.Method == HttpMethod.Post)
        {
            Loses--;
            Lost++;
            context.Abort();
            return;
        }
        context.Response.StatusCode = (int)answer.StatusCode;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(await answer.Content.ReadAsStringAsync());
    }
}
