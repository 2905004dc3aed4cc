using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using OpenClaw.Bot.Chat;
using OpenClaw.Programs;

namespace OpenClaw.Bot.Discord;

/// <summary>Keeps a session alive over one connection after another, until it is stopped or Discord refuses for good.</summary>
internal sealed class GatewayConnection(GatewayAddress address, string token, int intents, string userAgent, TimeProvider clock, Func<double> chance, ProgramLog log)
{
    private static readonly TimeSpan FirstReconnect = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SlowestReconnect = TimeSpan.FromSeconds(60);
    private const int TriesToResume = 3;
    private const int LargestSend = 4096;

    private SendBudget budget = new(115, TimeSpan.FromSeconds(60), clock);

    /// <param name="received">Gets each event once; it must not block.</param>
    /// <exception cref="ChatRefusedException">Discord doesn't want this bot, and trying again won't help.</exception>
    public async Task RunAsync(Action<string, JsonElement> received, CancellationToken stop)
    {
        var session = new GatewaySession();
        var failures = 0;
        var unreached = 0;
        while (!stop.IsCancellationRequested)
        {
            TimeSpan? pause = null;
            try
            {
                await using var socket = await ConnectAsync(session, stop);
                unreached = 0;
                (session, var leave) = await LiveAsync(socket, session, received, stop);
                if (leave is null) return;
                failures = session.Lived ? 1 : failures + 1;
                if (leave.NewSession) pause = TimeSpan.FromSeconds(1 + 4 * chance());
                log.Info($"gateway: {leave.Reason}; {(session.CanResume ? "resuming" : "starting a new session")}");
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is WebSocketException or HttpRequestException or IOException)
            {
                failures++;
                if (++unreached >= TriesToResume) session = new GatewaySession();
                log.Warn($"gateway: not reached: {ProgramLog.Describe(e)}");
            }
            await PauseAsync(Longer(pause, Backoff.Pause(failures, FirstReconnect, SlowestReconnect, chance())), stop);
        }
    }

    private async Task<GatewaySocket> ConnectAsync(GatewaySession session, CancellationToken stop)
    {
        var url = session.CanResume ? session.ResumeUrl! : await address.ForNewSessionAsync(stop);
        budget = new SendBudget(115, TimeSpan.FromSeconds(60), clock);
        return await GatewaySocket.ConnectAsync(GatewayAddress.WithVersion(url), userAgent, clock, stop);
    }

    private async Task<(GatewaySession Session, Leave? Leave)> LiveAsync(GatewaySocket socket, GatewaySession session, Action<string, JsonElement> received, CancellationToken stop)
    {
        using var beat = new Alarm(clock);
        using var deadline = new Alarm(clock);
        GatewayInput input = new Opened();
        Task<(ReadOnlyMemory<byte>?, int?)>? receiving = null;
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var stopping = stop.Register(stopped.SetResult);
        while (true)
        {
            (session, var effects) = GatewaySession.Next(session, input);
            foreach (var effect in effects)
            {
                switch (effect)
                {
                    case SendIdentify:
                        address.Identified();
                        await SendAsync(socket, JsonSerializer.SerializeToUtf8Bytes(
                            new Outgoing<Identify>(GatewayOp.Identify, new Identify(token, intents, new IdentifyProperties("linux", "openclaw-bot", "openclaw-bot"))), DiscordJson.Default.OutgoingIdentify), stop);
                        break;
                    case SendResume resume:
                        await SendAsync(socket, JsonSerializer.SerializeToUtf8Bytes(
                            new Outgoing<Resume>(GatewayOp.Resume, new Resume(token, resume.SessionId, resume.Sequence)), DiscordJson.Default.OutgoingResume), stop);
                        break;
                    case SendHeartbeat heartbeat:
                        await SendAsync(socket, Encoding.UTF8.GetBytes($$"""{"op":1,"d":{{heartbeat.Sequence?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "null"}}}"""), stop);
                        break;
                    case ScheduleHeartbeat schedule:
                        beat.Set(schedule.First ? schedule.Interval * chance() : schedule.Interval);
                        break;
                    case SetDeadline set:
                        deadline.Set(set.After);
                        break;
                    case Dispatch dispatch:
                        HandOn(received, dispatch);
                        break;
                    case Skip skip:
                        log.Info($"gateway: skipped {skip.What}");
                        break;
                    case Leave leave:
                        if (leave.CloseWith is { } code) await socket.CloseAsync(code, receiving);
                        return (session, leave);
                    case Fail fail:
                        throw new ChatRefusedException(fail.Reason);
                }
            }
            receiving ??= socket.ReceiveAsync(CancellationToken.None);
            var first = await Task.WhenAny(stopped.Task, beat.Rung, deadline.Rung, receiving);
            if (first == stopped.Task)
            {
                await socket.CloseAsync((int)WebSocketCloseStatus.NormalClosure, receiving);
                return (session, null);
            }
            if (first == receiving)
            {
                input = await ReceivedAsync(receiving);
                receiving = null;
            }
            else
            {
                input = first == beat.Rung ? new HeartbeatDue() : new DeadlineOver();
            }
        }
    }

    private sealed record Unreadable : GatewayInput;

    private async Task<GatewayInput> ReceivedAsync(Task<(ReadOnlyMemory<byte>? Message, int? CloseCode)> receiving)
    {
        var (message, code) = await receiving;
        if (message is null) return new Closed(code);
        if (GatewayFrame.Parse(message.Value) is { } frame) return new FrameReceived(frame);
        log.Warn($"gateway: skipped {message.Value.Length} bytes that are no frame");
        return new Unreadable();
    }

    private async Task SendAsync(GatewaySocket socket, byte[] message, CancellationToken stop)
    {
        if (message.Length > LargestSend)
        {
            log.Error($"gateway: {message.Length} bytes are more than Discord takes in one message; not sent");
        }
        else if (!budget.TryTake(out var wait))
        {
            log.Warn($"gateway: a heartbeat was left out, sends are used up for {wait.TotalSeconds:0} s");
        }
        else
        {
            await socket.SendAsync(message, stop);
        }
    }

    private void HandOn(Action<string, JsonElement> received, Dispatch dispatch)
    {
        try
        {
            received(dispatch.Name, dispatch.Data);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or KeyNotFoundException or JsonException)
        {
            log.Warn($"gateway: skipped a malformed {dispatch.Name}: {e.Message}");
        }
    }

    private static TimeSpan Longer(TimeSpan? one, TimeSpan other) => one > other ? one.Value : other;

    private async Task PauseAsync(TimeSpan time, CancellationToken stop)
    {
        try
        {
            await Task.Delay(time, clock, stop);
        }
        catch (OperationCanceledException)
        {
            // The loop's condition ends it.
        }
    }
}
