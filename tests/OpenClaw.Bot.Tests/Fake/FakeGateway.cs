using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace OpenClaw.Bot.Tests.Fake;

/// <summary>The gateway: sessions, events with sequence numbers, and everything that may go wrong with them.</summary>
internal sealed class FakeGateway(FakeDiscord discord)
{
    private readonly Dictionary<string, FakeSession> sessions = [];
    private DateTimeOffset? lastIdentify;

    public List<FakeConnection> Connections { get; } = [];
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(45);
    public bool SaysHello { get; set; } = true;
    public bool SaysReady { get; set; } = true;
    public bool Acknowledges { get; set; } = true;

    /// <summary>Refuses the next connections with this HTTP status.</summary>
    public int RefuseConnections { get; set; }

    /// <summary>Closes a new session right away with this code.</summary>
    public int? CloseOnIdentify { get; set; }

    /// <summary>Answers a RESUME with op 9.</summary>
    public bool? InvalidOnResume { get; set; }

    /// <summary>How many events before the asked-for one a resume replays too.</summary>
    public int ReplaysTooMuch { get; set; }

    public int SessionsLeft { get; set; } = 1000;
    public TimeSpan SessionsResetAfter { get; set; } = TimeSpan.FromHours(5);

    public IEnumerable<JsonObject> Received(int op)
    {
        lock (discord.Gate) return [.. Connections.SelectMany(c => c.Received).Where(f => Op(f) == op)];
    }

    public FakeConnection? Live => Ready(1);

    /// <summary>Waits until the connection of that number, or a later one, is ready: one before it may not have noticed its end yet.</summary>
    public async Task<FakeConnection> ReadyAsync(int number = 1) =>
        await discord.UntilAsync(() => Ready(number), $"a ready gateway connection ({number})");

    public Task DispatchAsync(string name, JsonObject data) => Live is { } live
        ? live.SendEventAsync(name, data)
        : throw new InvalidOperationException("no client is ready\n" + discord.Story());

    public void CutAll()
    {
        lock (discord.Gate)
        {
            foreach (var connection in Connections.Where(c => c.IsOpen)) connection.Cut();
        }
    }

    public void ForgetSessions()
    {
        lock (discord.Gate) sessions.Clear();
    }

    public JsonObject Bot()
    {
        lock (discord.Gate)
        {
            return new JsonObject
            {
                ["url"] = discord.SocketAddress("gateway"), ["shards"] = 1,
                ["session_start_limit"] = new JsonObject
                {
                    ["total"] = 1000, ["remaining"] = SessionsLeft, ["reset_after"] = SessionsResetAfter.TotalMilliseconds, ["max_concurrency"] = 1,
                },
            };
        }
    }

    public async Task AcceptAsync(HttpContext context, bool resumed)
    {
        if (RefuseConnections > 0 || discord.IsAway)
        {
            if (RefuseConnections > 0) RefuseConnections--;
            context.Response.StatusCode = 503;
            return;
        }
        var query = context.Request.Query;
        if (query["v"] != "10" || query["encoding"] != "json") discord.Violation($"gateway address without version and encoding: {query}");
        var agent = context.Request.Headers.UserAgent.ToString();
        if (!agent.StartsWith("DiscordBot (", StringComparison.Ordinal)) discord.Violation("gateway connection without a User-Agent");
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var connection = new FakeConnection(discord, socket, resumed, context);
        lock (discord.Gate) Connections.Add(connection);
        var hello = new JsonObject { ["heartbeat_interval"] = HeartbeatInterval.TotalMilliseconds };
        if (SaysHello) await connection.SendAsync(new JsonObject { ["op"] = 10, ["d"] = hello });
        discord.Changed();
        await connection.ReceiveAllAsync(frame => OnFrameAsync(connection, frame));
        discord.Changed();
    }

    private FakeConnection? Ready(int number)
    {
        lock (discord.Gate) return Connections.Skip(number - 1).LastOrDefault(static c => c is { IsOpen: true, IsReady: true });
    }

    private async Task OnFrameAsync(FakeConnection connection, JsonObject frame)
    {
        switch (Op(frame))
        {
            case 1:
                if (Acknowledges) await connection.SendAsync(new JsonObject { ["op"] = 11 });
                break;
            case 2:
                await IdentifyAsync(connection, frame["d"]!.AsObject());
                break;
            case 6:
                await ResumeAsync(connection, frame["d"]!.AsObject());
                break;
            default:
                discord.Violation($"unexpected op in {frame.ToJsonString()}");
                break;
        }
    }

    private async Task IdentifyAsync(FakeConnection connection, JsonObject data)
    {
        var now = discord.Clock.GetUtcNow();
        if (now - lastIdentify < TimeSpan.FromSeconds(5)) discord.Violation("two IDENTIFYs in 5 s");
        lastIdentify = now;
        if (connection.OnResumeAddress) discord.Violation("IDENTIFY at the resume address");
        if (connection.SessionId is not null) discord.Violation("IDENTIFY twice on a connection");
        if (SessionsLeft-- <= 0) discord.Violation("IDENTIFY with no sessions left");
        var properties = data["properties"];
        var isWhole = data["intents"] is not null && properties?["os"] is not null && properties["browser"] is not null && properties["device"] is not null;
        if (!isWhole) discord.Violation("incomplete IDENTIFY");
        if (data["token"]?.GetValue<string>() != FakeDiscord.Token) CloseOnIdentify = 4004;
        if (CloseOnIdentify is { } code)
        {
            await connection.CloseAsync(code);
            return;
        }
        if (!SaysReady) return;
        var session = new FakeSession(Guid.NewGuid().ToString("n"));
        lock (discord.Gate) sessions[session.Id] = session;
        connection.Begin(session);
        await connection.SendEventAsync("READY", new JsonObject
        {
            ["v"] = 10, ["session_id"] = session.Id, ["resume_gateway_url"] = discord.SocketAddress("resume"),
            ["user"] = new JsonObject { ["id"] = FakeDiscord.BotId, ["username"] = "claw", ["bot"] = true },
            ["application"] = new JsonObject { ["id"] = FakeDiscord.ApplicationId, ["flags"] = 0 }, ["guilds"] = new JsonArray(),
        });
    }

    private async Task ResumeAsync(FakeConnection connection, JsonObject data)
    {
        if (!connection.OnResumeAddress) discord.Violation("RESUME at the first address");
        var sequence = data["seq"]!.GetValue<int>();
        FakeSession? session;
        lock (discord.Gate) session = sessions.GetValueOrDefault(data["session_id"]!.GetValue<string>());
        if (InvalidOnResume is { } resumable)
        {
            InvalidOnResume = null;
            await connection.SendAsync(new JsonObject { ["op"] = 9, ["d"] = resumable });
            return;
        }
        if (session is null || session.IsOver)
        {
            if (session?.IsOver == true) discord.Violation("RESUME of a session that was ended by a close with 1000 or 1001");
            await connection.SendAsync(new JsonObject { ["op"] = 9, ["d"] = false });
            return;
        }
        if (!SaysReady) return;
        List<JsonObject> missed;
        lock (discord.Gate) missed = [.. session.Events.Where(e => e["s"]!.GetValue<int>() > sequence - ReplaysTooMuch).Select(e => e.DeepClone().AsObject())];
        foreach (var e in missed) await connection.SendAsync(e);
        connection.Begin(session);
        await connection.SendEventAsync("RESUMED", []);
    }

    private static int Op(JsonObject frame) => frame["op"]!.GetValue<int>();
}

internal sealed class FakeSession(string id)
{
    public string Id { get; } = id;
    public List<JsonObject> Events { get; } = [];
    public bool IsOver { get; set; }
}

/// <summary>One client's web socket.</summary>
internal sealed class FakeConnection(FakeDiscord discord, WebSocket socket, bool onResumeAddress, HttpContext context) : IDisposable
{
    private readonly SemaphoreSlim sending = new(1);
    private readonly Queue<DateTimeOffset> received = new();
    private FakeSession? session;

    public bool OnResumeAddress { get; } = onResumeAddress;
    public bool IsOpen { get; private set; } = true;
    public bool IsReady { get; private set; }
    public int? ClosedWith { get; private set; }
    public string? SessionId => session?.Id;
    public List<JsonObject> Received { get; } = [];
    public List<DateTimeOffset> ReceivedAt { get; } = [];

    /// <summary>Sends each message in pieces of so many bytes.</summary>
    public int Fragment { get; set; } = int.MaxValue;

    public void Begin(FakeSession begun)
    {
        lock (discord.Gate) session = begun;
    }

    /// <summary>Sends an event with the session's next number, or keeps it for a resume when the client is away.</summary>
    public async Task SendEventAsync(string name, JsonObject data)
    {
        JsonObject e;
        lock (discord.Gate)
        {
            e = new JsonObject { ["op"] = 0, ["t"] = name, ["s"] = session!.Events.Count + 1, ["d"] = data.DeepClone() };
            session.Events.Add(e);
        }
        await SendAsync(e);
        if (name is not ("READY" or "RESUMED")) return;
        lock (discord.Gate) IsReady = true;
        discord.Changed();
    }

    public Task SendAsync(JsonObject frame) => SendRawAsync(frame.ToJsonString());

    public async Task SendRawAsync(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        await sending.WaitAsync();
        try
        {
            for (var at = 0; at < bytes.Length; at += Math.Min(Fragment, bytes.Length - at))
            {
                var count = Math.Min(Fragment, bytes.Length - at);
                await socket.SendAsync(bytes.AsMemory(at, count), WebSocketMessageType.Text, at + count == bytes.Length, CancellationToken.None);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The client has gone; a resume brings it the event.
        }
        finally
        {
            sending.Release();
        }
    }

    public async Task CloseAsync(int code)
    {
        try
        {
            await socket.CloseOutputAsync((WebSocketCloseStatus)code, null, CancellationToken.None);
        }
        catch (Exception e) when (e is WebSocketException or IOException or ObjectDisposedException)
        {
            // It was gone already.
        }
    }

    public void Cut() => context.Abort();

    public void Dispose() => sending.Dispose();

    public async Task ReceiveAllAsync(Func<JsonObject, Task> handle)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (true)
            {
                var part = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
                if (part.MessageType == WebSocketMessageType.Close)
                {
                    OnClose((int?)socket.CloseStatus);
                    await CloseAsync(1000);
                    return;
                }
                if (!part.EndOfMessage || part.Count > 4096) discord.Violation($"a message of more than 4,096 bytes ({part.Count})");
                var frame = JsonNode.Parse(buffer.AsSpan(0, part.Count))!.AsObject();
                lock (discord.Gate)
                {
                    Received.Add(frame);
                    ReceivedAt.Add(discord.Clock.GetUtcNow());
                }
                CountSend();
                await handle(frame);
                discord.Changed();
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or JsonException)
        {
            OnClose(null);
        }
    }

    private void OnClose(int? code)
    {
        lock (discord.Gate)
        {
            (IsOpen, IsReady, ClosedWith) = (false, false, code);
            if (code is 1000 or 1001 && session is not null) session.IsOver = true;
        }
        discord.Changed();
    }

    private void CountSend()
    {
        var now = discord.Clock.GetUtcNow();
        while (received.TryPeek(out var oldest) && now - oldest >= TimeSpan.FromSeconds(60)) received.Dequeue();
        received.Enqueue(now);
        if (received.Count > 120) discord.Violation("more than 120 sends in 60 s");
    }
}
