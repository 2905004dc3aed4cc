using System.Net;
using System.Net.Sockets;

namespace OpenClaw.Cli.Dev;

/// <summary>Loopback ports that can be listened on.</summary>
internal static class Ports
{
    private const int Neighbours = 100;

    /// <summary>The wanted port, or the next one that is free, or any.</summary>
    public static int Choose(int wanted)
    {
        for (var port = wanted; port < Math.Min(wanted + Neighbours, IPEndPoint.MaxPort); port++)
        {
            if (TryTake(port) is { } free) return free;
        }
        return TryTake(0) ?? wanted;
    }

    private static int? TryTake(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return ((IPEndPoint)listener.LocalEndpoint).Port;
        }
        catch (SocketException)
        {
            return null;
        }
    }
}
