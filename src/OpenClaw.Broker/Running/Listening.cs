using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Running;

/// <summary>The one address that the broker answers on, taken before anything is started.</summary>
internal static class Listening
{
    /// <summary>Binds <see cref="BrokerOptions.Host"/> and <see cref="BrokerOptions.Port"/>; the socket does not listen yet.</summary>
    /// <exception cref="StartException">They can't be had.</exception>
    public static Socket Bind(BrokerOptions options)
    {
        try
        {
            return SocketTransportOptions.CreateDefaultBoundListenSocket(new IPEndPoint(Resolve(options.Host), options.Port));
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

    /// <summary>Whether an address that the server reports, such as <c>http://127.0.0.1:8000</c>, is this machine's own or on a tailnet.</summary>
    public static bool IsPrivate(string address) => IPAddress.TryParse(BindingAddress.Parse(address).Host.Trim('[', ']'), out var ip) && Tailnet.IsPrivate(ip);

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
