using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text.Json;
using OpenClaw.Bot.Chat;
using OpenClaw.Programs;

namespace OpenClaw.Bot.Discord;

/// <summary>Keeps a session alive over one connection after another, until it is stopped or Discord refuses for good.</summary>
internal sealed class GatewayConnection(GatewayAddress address, GatewayIdentity identity, TimeProvider clock, Func<double> chance, ProgramLog log)
{
    private static readonly TimeSpan FirstReconnect = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SlowestReconnect = TimeSpan.FromSeconds(60);
    private const int TriesToResume = 3;

    /// <param name="received">Gets each event once; it must not block.</param>
    /// <param name="lost">Called whenever a connection has ended.</param>
    /// <exception cref="ChatRefusedException">Discord doesn't want this bot, and trying again won't help.</exception>
    public async Task RunAsync(Action<string, JsonElement> received, Action lost, CancellationToken stop)
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
                using var live = new LiveConnection(socket, address, identity, received, clock, chance, log);
                (session, var leave) = await LiveAsync(live, session, lost, stop);
                if (leave is null) return;
                failures = session.Lived ? 1 : failures + 1;
                if (leave.NewSession) pause = TimeSpan.FromSeconds(1 + 4 * chance());
                log.Info($"gateway: {leave.Reason}; {(session.CanResume ? "resuming" : "starting a new session")}");
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is WebSocketException or HttpRequestException or SocketException or IOException)
            {
                failures++;
                if (++unreached >= TriesToResume) session = new GatewaySession();
                log.Warn("gateway: not reached", ("reason", Reasons.Of(e)));
            }
            await PauseAsync(Longer(pause, Backoff.Pause(failures, FirstReconnect, SlowestReconnect, chance())), stop);
        }
    }

    private async Task<GatewaySocket> ConnectAsync(GatewaySession session, CancellationToken stop)
    {
        var url = session.CanResume ? session.ResumeUrl! : await address.ForNewSessionAsync(stop);
        return await GatewaySocket.ConnectAsync(address.Checked(url), identity.UserAgent, clock, stop);
    }

    private static async Task<(GatewaySession Session, Leave? Leave)> LiveAsync(
        LiveConnection live, GatewaySession session, Action lost, CancellationToken stop)
    {
        try
        {
            return await live.RunAsync(session, stop);
        }
        finally
        {
            lost();
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
