using System.Text.Json;

namespace OpenClaw.Bot.Discord;

internal static class GatewayOp
{
    public const int Dispatch = 0;
    public const int Heartbeat = 1;
    public const int Identify = 2;
    public const int Resume = 6;
    public const int Reconnect = 7;
    public const int InvalidSession = 9;
    public const int Hello = 10;
    public const int HeartbeatAck = 11;
}

/// <summary>A message of the gateway: op, sequence, event name and data.</summary>
internal sealed record GatewayFrame(int Op, long? Sequence, string? Name, JsonElement Data)
{
    /// <summary>Null where the bytes are no frame at all.</summary>
    public static GatewayFrame? Parse(ReadOnlyMemory<byte> message)
    {
        try
        {
            using var document = JsonDocument.Parse(message);
            var root = document.RootElement;
            if (root.Child("op") is not { ValueKind: JsonValueKind.Number } op || !op.TryGetInt32(out var number)) return null;
            long? sequence = root.Child("s") is { ValueKind: JsonValueKind.Number } s && s.TryGetInt64(out var value) ? value : null;
            return new GatewayFrame(number, sequence, root.Text("t"), root.TryGetProperty("d", out var data) ? data.Clone() : default);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>What happens to a connection.</summary>
internal abstract record GatewayInput;

internal sealed record Opened : GatewayInput;

internal sealed record FrameReceived(GatewayFrame Frame) : GatewayInput;

internal sealed record HeartbeatDue : GatewayInput;

internal sealed record DeadlineOver : GatewayInput;

/// <param name="Code">Null where the connection broke without a close.</param>
internal sealed record Closed(int? Code) : GatewayInput;

/// <summary>What the connection has to do.</summary>
internal abstract record GatewayEffect;

internal sealed record SendIdentify : GatewayEffect;

internal sealed record SendResume(string SessionId, long Sequence) : GatewayEffect;

internal sealed record SendHeartbeat(long? Sequence) : GatewayEffect;

/// <param name="First">The first beat comes after a random part of the interval.</param>
internal sealed record ScheduleHeartbeat(TimeSpan Interval, bool First) : GatewayEffect;

/// <summary>Something has to come before this time is over; null lifts it.</summary>
internal sealed record SetDeadline(TimeSpan? After) : GatewayEffect;

internal sealed record Dispatch(string Name, JsonElement Data) : GatewayEffect;

internal sealed record Skip(string What) : GatewayEffect;

/// <summary>Leave this connection and come back.</summary>
/// <param name="CloseWith">Null: cut it, the other side doesn't answer.</param>
internal sealed record Leave(string Reason, int? CloseWith, bool NewSession) : GatewayEffect;

/// <summary>Leave for good.</summary>
internal sealed record Fail(string Reason) : GatewayEffect;

internal sealed record Step(GatewaySession Session, IReadOnlyList<GatewayEffect> Effects);
