using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Running;

/// <summary>The addresses that the broker answers on, taken before anything is started.</summary>
internal static class Listening
{
    /// <summary>
    /// Binds <see cref="BrokerOptions.Host"/> and <see cref="BrokerOptions.Port"/>; nothing listens yet. With the tailnet's address
    /// comes loopback's, where the broker can still be asked when the tailnet is gone. Sockets that the service manager opened are
    /// taken instead of all that.
    /// </summary>
    /// <exception cref="StartException">They can't be had.</exception>
    public static List<Socket> Bind(BrokerOptions options, ServiceManager manager)
    {
        if (manager.TakeSockets() is { Count: > 0 } handed) return [.. handed.Select(Accepted)];
        if (!options.IsOnTailscale) return [Bind(Resolve(options.Host), options)];
        var tailnet = Bind(FindTailnet(options.TailscaleInterface), options);
        try
        {
            return [tailnet, Bind(IPAddress.Loopback, options with { Host = "127.0.0.1", Port = ((IPEndPoint)tailnet.LocalEndPoint!).Port })];
        }
        catch
        {
            tailnet.Dispose();
            throw;
        }
    }

    /// <summary>The socket that was bound for this address, once; a new one for another.</summary>
    public static Socket Take(List<Socket> bound, EndPoint address)
    {
        if (bound.Find(s => address.Equals(s.LocalEndPoint)) is not { } socket) return SocketTransportOptions.CreateDefaultBoundListenSocket(address);
        bound.Remove(socket);
        return socket;
    }

    private static Socket Accepted(Socket socket) => socket is { SocketType: SocketType.Stream, LocalEndPoint: IPEndPoint } ? socket
        : throw new StartException("The service manager handed over a socket that is none of TCP. In the .socket unit, ListenStream= takes an address and "
            + "a port, such as 127.0.0.1:8000.");

    private static Socket Bind(IPAddress address, BrokerOptions options)
    {
        try
        {
            return SocketTransportOptions.CreateDefaultBoundListenSocket(new IPEndPoint(address, options.Port));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw new StartException($"Port {options.Port} of {options.Host} is in use. Stop the program that holds it (ss -ltnp shows which), or set "
                + "BROKER_PORT to another.", e, ExitCodes.Temporary);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressNotAvailable)
        {
            throw new StartException(
                $"BROKER_HOST is {options.Host}, which is no address of this machine now. Is the tailnet up (tailscale status)? If it is, set "
                    + "BROKER_HOST to an address that 'ip address' shows.",
                e, ExitCodes.Temporary);
        }
        catch (SocketException e)
        {
            throw new StartException(
                $"Can't listen on port {options.Port} of {options.Host} ({e.Message}). Ports below 1024 need a right of their own; set BROKER_PORT to "
                    + "another, such as 8000.", e);
        }
    }

    private static IPAddress FindTailnet(string name)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new StartException("BROKER_HOST=tailscale finds the tailnet's address on Linux alone. Set BROKER_HOST to the address that "
                + "'tailscale ip -4' prints.");
        }
        return TailscaleInterface.Addresses(name) is [var address, ..] ? address
            : throw new StartException($"BROKER_HOST is tailscale, and the network interface {name} has no address of a tailnet now. Is the tailnet up "
                + $"(tailscale status)? If Tailscale's interface has another name ('ip address' shows it), set {BrokerVariables.TailscaleInterface} to it.",
                null, ExitCodes.Temporary);
    }

    private static IPAddress Resolve(string host)
    {
        if (IPAddress.TryParse(host, out var address)) return address;
        try
        {
            // IPv4 first, as the Python broker does for localhost.
            return Dns.GetHostAddresses(host).OrderBy(static a => a.AddressFamily == AddressFamily.InterNetwork ? 0 : 1).First();
        }
        catch (SocketException e)
        {
            throw new StartException($"BROKER_HOST is {host}, a name that stands for no address now ({e.Message}). Is the tailnet up (tailscale "
                + "status)? If it is, set BROKER_HOST to an address that 'ip address' shows.",
                e, ExitCodes.Temporary);
        }
    }
}
