using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenClaw.Testing;

namespace OpenClaw.Bot.Tests.Fake;

/// <summary>
/// A Discord of our own on a loopback port: REST v10 and gateway v10, with faults to order, and a list of everything a client did
/// that Discord would not have liked.
/// </summary>
internal sealed class FakeDiscord : IAsyncDisposable
{
    public const string Token = "discord-token-of-the-tests";
    public const string BotId = "900000000000000001";
    public const string ApplicationId = "900000000000000002";

    private readonly WebApplication app;
    private readonly List<(Func<bool> Reached, TaskCompletionSource Done)> waiters = [];

    /// <summary>Ids are unique in all of Discord, so over all fakes of a test run.</summary>
    private static int ids;

    private FakeDiscord(TimeProvider clock)
    {
        Clock = clock;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        builder.Logging.ClearProviders();
        app = builder.Build();
        app.UseWebSockets();
        Rest = new FakeRest(this);
        Gateway = new FakeGateway(this);
        app.Map("/gateway", branch => branch.Run(context => Gateway.AcceptAsync(context, resumed: false)));
        app.Map("/resume", branch => branch.Run(context => Gateway.AcceptAsync(context, resumed: true)));
        app.Map("/api/v10", branch => branch.Run(Rest.AnswerAsync));
    }

    public Lock Gate { get; } = new();
    public TimeProvider Clock { get; }
    public FakeRest Rest { get; }
    public FakeGateway Gateway { get; }
    public List<string> Violations { get; } = [];
    public Uri Api { get; private set; } = null!;

    /// <summary>Nobody reaches it: REST answers 503, the gateway takes nobody, and its sessions are forgotten.</summary>
    public bool IsAway { get; private set; }

    public string SocketAddress(string path) => $"ws://127.0.0.1:{Api.Port}/{path}";

    public static async Task<FakeDiscord> StartAsync(TimeProvider clock)
    {
        var fake = new FakeDiscord(clock);
        await fake.app.StartAsync();
        var address = fake.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        fake.Api = new Uri(address + "/api/v10");
        return fake;
    }

    /// <summary>An id of now, in Discord's form: the later, the greater.</summary>
    public string NextId()
    {
        const long Beginning = 1_420_070_400_000;
        var id = ((Clock.GetUtcNow().ToUnixTimeMilliseconds() - Beginning) << 22) + Interlocked.Increment(ref ids);
        return id.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    public void Violation(string what)
    {
        lock (Gate) Violations.Add(what);
        Changed();
    }

    public void GoAway()
    {
        lock (Gate) IsAway = true;
        Gateway.CutAll();
        Gateway.ForgetSessions();
    }

    public void ComeBack()
    {
        lock (Gate) IsAway = false;
    }

    /// <summary>Waits until the fake has seen what the test waits for.</summary>
    public async Task UntilAsync(Func<bool> reached, string what)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (Gate)
        {
            if (reached()) return;
            waiters.Add((reached, done));
        }
        try
        {
            await done.Task.WaitAsync(Broken.After);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"never came: {what}\n{Story()}");
        }
    }

    public async Task<T> UntilAsync<T>(Func<T?> find, string what) where T : class
    {
        await UntilAsync(() => find() is not null, what);
        lock (Gate) return find()!;
    }

    /// <summary>To be called after each change that a test may wait for.</summary>
    public void Changed()
    {
        lock (Gate)
        {
            foreach (var waiter in waiters.Where(w => w.Reached()).ToList())
            {
                waiters.Remove(waiter);
                waiter.Done.TrySetResult();
            }
        }
    }

    /// <summary>All requests and messages, for a failed test's message.</summary>
    public string Story()
    {
        lock (Gate)
        {
            return string.Join('\n', Rest.Requests.Select(r => $"{r.At:ss.fff} {r.Method} {r.Path} -> {r.Status} {Clip(r.Json?.ToJsonString())}"))
                + "\n" + string.Join('\n', Gateway.Connections.SelectMany(c => c.Received.Select(f => $"frame {Clip(f.ToJsonString())}")));
        }
    }

    public void AssertNoViolations()
    {
        lock (Gate) Assert.True(Violations.Count == 0, string.Join('\n', Violations) + "\n" + Story());
    }

    public async ValueTask DisposeAsync()
    {
        Gateway.CutAll();
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await app.StopAsync(soon.Token);
        await app.DisposeAsync();
    }

    private static string? Clip(string? text) => text?.Length > 300 ? text[..300] + "…" : text;
}

/// <summary>A request as it came, and how it was answered.</summary>
internal sealed record RecordedRequest(string Method, string Path, JsonObject? Json, IReadOnlyDictionary<string, string> Headers, DateTimeOffset At)
{
    public JsonNode? Body { get; init; }

    /// <summary>What follows the path, with its question mark.</summary>
    public string Query { get; init; } = "";
    public IReadOnlyList<(string Name, string Content)> Files { get; init; } = [];
    public int Status { get; set; }
}

internal sealed class FakeMessage(string id, string channelId, string content)
{
    public string Id { get; } = id;
    public string ChannelId { get; } = channelId;
    public string Content { get; set; } = content;
    public List<string> History { get; } = [content];
    public List<DateTimeOffset> Edits { get; } = [];
    public JsonArray Components { get; set; } = [];
    public List<(string Name, string Content)> Files { get; } = [];
    public string? ReplyTo { get; init; }
    public bool Ephemeral { get; init; }
    public bool Loading { get; set; }

    public IEnumerable<string> ButtonIds => Components.SelectMany(row => row!["components"]!.AsArray()).Select(b => b!["custom_id"]!.GetValue<string>());

    public JsonObject ToJson() => new()
    {
        ["id"] = Id, ["channel_id"] = ChannelId, ["content"] = Content, ["type"] = 0,
        ["author"] = new JsonObject { ["id"] = FakeDiscord.BotId, ["username"] = "claw", ["bot"] = true },
        ["components"] = Components.DeepClone(), ["attachments"] = new JsonArray(),
    };
}
