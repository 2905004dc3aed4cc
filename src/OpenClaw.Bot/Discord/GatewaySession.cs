using System.Text.Json;

namespace OpenClaw.Bot.Discord;

internal enum SessionPhase
{
    AwaitingHello,
    Identifying,
    Resuming,
    Ready,
}

/// <summary>
/// One gateway session as a value. <see cref="Next"/> is a pure function of session and input: it knows no socket, clock or chance,
/// and says in effects what the connection has to do.
/// </summary>
internal sealed record GatewaySession
{
    public static readonly TimeSpan HelloDeadline = TimeSpan.FromSeconds(15);
    public static readonly TimeSpan ReadyDeadline = TimeSpan.FromSeconds(30);

    public SessionPhase Phase { get; init; }
    public string? Id { get; init; }
    public string? ResumeUrl { get; init; }
    public long? Sequence { get; init; }
    public TimeSpan HeartbeatInterval { get; init; }
    public bool AwaitingAck { get; init; }

    /// <summary>Whether this connection was ready and then had a heartbeat acknowledged.</summary>
    public bool Lived { get; init; }

    public bool CanResume => Id is not null && ResumeUrl is not null;

    public static Step Next(GatewaySession session, GatewayInput input) => input switch
    {
        Opened => new(
            session with { Phase = SessionPhase.AwaitingHello, AwaitingAck = false, Lived = false },
            [new SetDeadline(HelloDeadline)]),
        FrameReceived { Frame: var frame } => OnFrame(session, frame),
        HeartbeatDue when session.AwaitingAck => Leave(session, "no answer to the last heartbeat", CloseWith: null),
        HeartbeatDue => new(
            session with { AwaitingAck = true },
            [new SendHeartbeat(session.Sequence), new ScheduleHeartbeat(session.HeartbeatInterval, First: false)]),
        DeadlineOver => Leave(session, $"nothing came in time while {session.Phase}", CloseWith: null),
        Closed { Code: var code } => OnClosed(session, code),
        _ => new(session, []),
    };

    private static Step OnFrame(GatewaySession session, GatewayFrame frame) => frame.Op switch
    {
        GatewayOp.Dispatch => OnDispatch(session, frame),
        GatewayOp.Heartbeat => new(session, [new SendHeartbeat(session.Sequence)]),
        GatewayOp.Reconnect => Leave(session, "Discord asked to reconnect"),
        GatewayOp.InvalidSession when frame.Data.ValueKind == JsonValueKind.True => Leave(session, "the session has to be resumed"),
        GatewayOp.InvalidSession => LeaveForNew(session, "the session is no longer valid"),
        GatewayOp.Hello when session.Phase == SessionPhase.AwaitingHello && HeartbeatIntervalOf(frame.Data) is { } interval => OnHello(session, interval),
        GatewayOp.HeartbeatAck => new(session with { AwaitingAck = false, Lived = session.Lived || session.Phase == SessionPhase.Ready }, []),
        _ => new(session, [new Skip($"op {frame.Op}")]),
    };

    private static Step OnHello(GatewaySession session, TimeSpan interval)
    {
        GatewayEffect introduce = session.CanResume ? new SendResume(session.Id!, session.Sequence ?? 0) : new SendIdentify();
        return new(
            session with { Phase = session.CanResume ? SessionPhase.Resuming : SessionPhase.Identifying, HeartbeatInterval = interval },
            [new ScheduleHeartbeat(interval, First: true), new SetDeadline(ReadyDeadline), introduce]);
    }

    private static Step OnDispatch(GatewaySession session, GatewayFrame frame)
    {
        if (frame.Name == "READY") return OnReady(session, frame);
        var replayed = session.Phase is SessionPhase.Ready or SessionPhase.Resuming && frame.Sequence <= session.Sequence;
        var next = session with { Sequence = Math.Max(session.Sequence ?? 0, frame.Sequence ?? 0) };
        if (frame.Name == "RESUMED") return new(next with { Phase = SessionPhase.Ready }, [new SetDeadline(null), new Dispatch("RESUMED", frame.Data)]);
        if (replayed) return new(next, [new Skip($"event {frame.Sequence} again")]);
        var dispatch = new Dispatch(frame.Name ?? "", frame.Data);
        return new(next, session.Phase == SessionPhase.Resuming ? [new SetDeadline(ReadyDeadline), dispatch] : [dispatch]);
    }

    private static Step OnReady(GatewaySession session, GatewayFrame frame)
    {
        if (frame.Data.Text("session_id") is not { } id) return new(session, [new Skip("READY without a session")]);
        var ready = session with { Phase = SessionPhase.Ready, Id = id, ResumeUrl = frame.Data.Text("resume_gateway_url"), Sequence = frame.Sequence };
        return new(ready, [new SetDeadline(null), new Dispatch("READY", frame.Data)]);
    }

    private static Step OnClosed(GatewaySession session, int? code) => code switch
    {
        4004 => Fail(session, "Discord refuses the bot's token (close 4004). Copy a fresh one from the developer portal into DISCORD_TOKEN."),
        4010 or 4011 => Fail(session, $"Discord wants this bot sharded (close {code}), which it is not made for."),
        4012 => Fail(session, "Discord no longer speaks this gateway version (close 4012). Update the bot."),
        4013 => Fail(session, "Discord doesn't know the intents asked for (close 4013). Update the bot."),
        4014 => Fail(session, "Discord refuses the intents asked for (close 4014). "
            + "Switch on MESSAGE CONTENT INTENT on the Bot page in the developer portal, or unset ALLOWED_CHANNEL_ID."),
        4007 or 4009 => LeaveForNew(session, $"closed with {code}"),
        _ => Leave(session, code is null ? "the connection was cut" : $"closed with {code}"),
    };

    private static Step Leave(GatewaySession session, string reason, int? CloseWith = 4000) =>
        new(session, [new Leave(reason, CloseWith, NewSession: false)]);

    private static Step LeaveForNew(GatewaySession session, string reason) =>
        new(session with { Id = null, ResumeUrl = null, Sequence = null }, [new Leave(reason, 4000, NewSession: true)]);

    private static Step Fail(GatewaySession session, string reason) => new(session, [new Fail(reason)]);

    private static TimeSpan? HeartbeatIntervalOf(JsonElement data) =>
        data.ValueKind == JsonValueKind.Object && data.TryGetProperty("heartbeat_interval", out var value)
            && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var milliseconds) && milliseconds is > 0 and < 1e9
            ? TimeSpan.FromMilliseconds(milliseconds)
            : null;
}
