using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Running;

/// <summary>
/// The tailnet's addresses on Tailscale's network interface: carriers give out the same range on others. Asks the kernel in
/// ways that a service without netlink sockets (systemd's RestrictAddressFamilies) may use too.
/// </summary>
internal static partial class TailscaleInterface
{
    private const int RequestBytes = 40;
    private const int AddressAt = 20; // after the name (16 bytes), the family and a port
    private const nuint GetAddress = 0x8915; // SIOCGIFADDR

    /// <summary>What the interface has now, IPv4 first; nothing where it is not there.</summary>
    public static IReadOnlyList<IPAddress> Addresses(string name) => [.. V4(name).Concat(V6(name)).Where(Tailnet.Contains)];

    private static IPAddress[] V4(string name)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        var request = new byte[RequestBytes];
        Encoding.ASCII.GetBytes(name, request);
        return Control((int)socket.Handle, GetAddress, request) == 0 ? [new IPAddress(request.AsSpan(AddressAt, 4))] : [];
    }

    private static IEnumerable<IPAddress> V6(string name)
    {
        const string Table = "/proc/self/net/if_inet6"; // address, index, prefix, scope, flags, interface
        return File.Exists(Table)
            ? File.ReadLines(Table).Select(static l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(c => c[^1] == name)
                .Select(static c => new IPAddress(Convert.FromHexString(c[0])))
            : [];
    }

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Control(int file, nuint request, byte[] argument);
}
