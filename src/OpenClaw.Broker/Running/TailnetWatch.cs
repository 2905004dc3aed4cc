using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Running;

/// <summary>
/// Follows the tailnet's address while the broker runs. A socket outlives the going of its address and works again when it is
/// back; where another one came instead, the listener moves to it.
/// </summary>
internal sealed partial class TailnetWatch(BrokerOptions options, Listeners listeners, ServiceManager manager, TimeProvider clock,
    ILogger<TailnetWatch> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    /// <summary>Why nobody on the tailnet reaches the broker; null while they do.</summary>
    public string? Problem { get; private set; }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.IsOnTailscale || manager.HandsSockets) return;
        using var timer = new PeriodicTimer(Every, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (listeners.OnTailnet is not { } listener) continue;
            try
            {
                await LookAsync(listener);
            }
            catch (Exception e) when (e is SocketException or IOException) // no descriptor left, say
            {
                LogNotSeen(e);
            }
        }
    }

    private async Task LookAsync(MovableListener listener)
    {
        var bound = (IPEndPoint)listener.EndPoint;
        var addresses = TailscaleInterface.Addresses(options.TailscaleInterface);
        if (addresses.Contains(bound.Address))
        {
            if (Problem is not null) LogBack(bound);
            Problem = null;
        }
        else if (addresses is [var address, ..])
        {
            await MoveAsync(listener, new IPEndPoint(address, bound.Port));
        }
        else
        {
            Note($"{options.TailscaleInterface} no longer has {bound.Address}: nobody on the tailnet reaches the broker. It answers there again when "
                + "the tailnet is up (tailscale status)");
        }
    }

    private async Task MoveAsync(MovableListener listener, IPEndPoint to)
    {
        try
        {
            await listener.MoveAsync(to);
            Problem = null;
            LogMoved(to);
        }
        catch (Exception e) when (e is SocketException or AddressInUseException)
        {
            Note($"can't listen on {to}, the tailnet's new address: {e.Message}");
        }
    }

    private void Note(string problem)
    {
        if (problem != Problem) LogProblem(problem);
        Problem = problem;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The tailnet's interface could not be looked at; tried again in a second")]
    private partial void LogNotSeen(Exception e);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Problem}")]
    private partial void LogProblem(string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "The tailnet's address is back: listening on http://{Address}")]
    private partial void LogBack(IPEndPoint address);

    [LoggerMessage(Level = LogLevel.Information, Message = "The tailnet has given this machine another address: listening on http://{Address}")]
    private partial void LogMoved(IPEndPoint address);
}
