using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace OpenClaw.Broker.Tests;

/// <summary>A request as it came to a receiver of webhooks.</summary>
internal sealed record ReceivedHook(string Path, IHeaderDictionary Headers, string Body, IPAddress? At)
{
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public string Type => Json.GetProperty("type").GetString()!;

    public JsonElement Data => Json.GetProperty("data");

    public string? Header(string name) => Headers[name];
}

/// <summary>A program that takes webhooks, at every address of this machine.</summary>
internal sealed class HookReceiver : IAsyncDisposable
{
    private readonly WebApplication app;

    private HookReceiver(WebApplication app) => this.app = app;

    public ConcurrentQueue<ReceivedHook> Received { get; } = [];

    /// <summary>What the next requests are answered; once there is none, 204.</summary>
    public ConcurrentQueue<Func<HttpContext, Task>> Answers { get; } = [];

    public int Port { get; private set; }

    public string Url => $"http://127.0.0.1:{Port}";

    public static async Task<HookReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Any, 0));
        var receiver = new HookReceiver(builder.Build());
        receiver.app.Run(receiver.TakeAsync);
        await receiver.app.StartAsync();
        var address = receiver.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        receiver.Port = new Uri(address).Port;
        return receiver;
    }

    public static Func<HttpContext, Task> Status(int status, string text = "", params (string Name, string Value)[] headers) => context =>
    {
        context.Response.StatusCode = status;
        foreach (var (name, value) in headers) context.Response.Headers[name] = value;
        return context.Response.WriteAsync(text);
    };

    public async Task<ReceivedHook> NextAsync()
    {
        ReceivedHook? hook = null;
        await BrokerFixture.EventuallyAsync(() => Task.FromResult(Received.TryDequeue(out hook)));
        return hook!;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        Received.Enqueue(new ReceivedHook(context.Request.Path, new HeaderDictionary(context.Request.Headers.ToDictionary()), await reader.ReadToEndAsync(),
            context.Connection.LocalIpAddress));
        if (Answers.TryDequeue(out var answer)) await answer(context);
        else context.Response.StatusCode = StatusCodes.Status204NoContent;
    }
}
