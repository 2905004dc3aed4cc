using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using OpenClaw.Bot.Chat;
using OpenClaw.Programs;

namespace OpenClaw.Bot.Discord;

/// <summary>One connection from its opening to its end: tells the session what happens, and does what the session says.</summary>
internal sealed class LiveConnection(
    GatewaySocket socket, GatewayAddress address, GatewayIdentity identity, Action<string, JsonElement> received,
    TimeProvider clock, Func<double> chance, ProgramLog log)
    : IDisposable
{
    private const int LargestSend = 4096;

    private readonly SendBudget budget = new(115, TimeSpan.FromSeconds(60), clock);
    private readonly Alarm beat = new(clock);
    private readonly Alarm deadline = new(clock);
    private Task<(ReadOnlyMemory<byte>?, int?)>? receiving;

    /// <returns>The session as it is now, and why the connection was left; null: it was stopped.</returns>
    public async Task<(GatewaySession Session, Leave? Leave)> RunAsync(GatewaySession session, CancellationToken stop)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var stopping = stop.Register(stopped.SetResult);
        for (GatewayInput? input = new Opened(); input is not null; input = await NextAsync(stopped.Task))
        {
            (session, var effects) = GatewaySession.Next(session, input);
            foreach (var effect in effects)
            {
                await DoAsync(effect, stop);
                if (effect is Leave leave) return (session, leave);
            }
        }
        await socket.CloseAsync((int)WebSocketCloseStatus.NormalClosure, receiving);
        return (session, null);
    }

    public void Dispose()
    {
        beat.Dispose();
        deadline.Dispose();
    }

    /// <summary>What happens next; null: it was stopped.</summary>
    private async Task<GatewayInput?> NextAsync(Task stopped)
    {
        receiving ??= socket.ReceiveAsync(CancellationToken.None);
        var first = await Task.WhenAny(stopped, beat.Rung, deadline.Rung, receiving);
        if (first == stopped) return null;
        if (first == beat.Rung) return new HeartbeatDue();
        if (first == deadline.Rung) return new DeadlineOver();
        var (message, code) = await receiving;
        receiving = null;
        return Read(message, code);
    }

    private GatewayInput Read(ReadOnlyMemory<byte>? message, int? code)
    {
        if (message is null) return new Closed(code);
        if (GatewayFrame.Parse(message.Value) is { } frame) return new FrameReceived(frame);
        log.Warn("gateway: skipped what is no frame", ("bytes", message.Value.Length));
        return new Unreadable();
    }

    private Task DoAsync(GatewayEffect effect, CancellationToken stop)
    {
        switch (effect)
        {
            case SendIdentify:
                return IdentifyAsync(stop);
            case SendResume resume:
                var resuming = new Outgoing<Resume>(GatewayOp.Resume, new Resume(identity.Token, resume.SessionId, resume.Sequence));
                return SendAsync(JsonSerializer.SerializeToUtf8Bytes(resuming, DiscordJson.Default.OutgoingResume), stop);
            case SendHeartbeat heartbeat:
                var sequence = heartbeat.Sequence?.ToString(CultureInfo.InvariantCulture) ?? "null";
                return SendAsync(Encoding.UTF8.GetBytes($$"""{"op":1,"d":{{sequence}}}"""), stop);
            case ScheduleHeartbeat schedule:
                beat.Set(schedule.First ? schedule.Interval * chance() : schedule.Interval);
                break;
            case SetDeadline set:
                deadline.Set(set.After);
                break;
            case Dispatch dispatch:
                HandOn(dispatch);
                break;
            case Skip skip:
                log.Info($"gateway: skipped {skip.What}");
                break;
            case Leave { CloseWith: { } code }:
                return socket.CloseAsync(code, receiving);
            case Fail fail:
                throw new ChatRefusedException(fail.Reason);
        }
        return Task.CompletedTask;
    }

    private Task IdentifyAsync(CancellationToken stop)
    {
        address.Identified();
        var properties = new IdentifyProperties("linux", "openclaw-bot", "openclaw-bot");
        var identify = new Outgoing<Identify>(GatewayOp.Identify, new Identify(identity.Token, identity.Intents, properties));
        return SendAsync(JsonSerializer.SerializeToUtf8Bytes(identify, DiscordJson.Default.OutgoingIdentify), stop);
    }

    private async Task SendAsync(byte[] message, CancellationToken stop)
    {
        if (message.Length > LargestSend)
        {
            log.Error("gateway: not sent, it is more than Discord takes in one message", ("bytes", message.Length));
        }
        else if (!budget.TryTake(out var wait))
        {
            log.Warn("gateway: a heartbeat was left out, sends are used up", ("seconds", Math.Ceiling(wait.TotalSeconds)));
        }
        else
        {
            await socket.SendAsync(message, stop);
        }
    }

    private void HandOn(Dispatch dispatch)
    {
        try
        {
            received(dispatch.Name, dispatch.Data);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or KeyNotFoundException or JsonException)
        {
            log.Warn($"gateway: skipped a malformed {dispatch.Name}", ("reason", e.Message));
        }
    }

    private sealed record Unreadable : GatewayInput;
}
