using System.Net;

namespace OpenClaw.Programs;

/// <summary>The addresses that Tailscale gives to machines: nobody outside the tailnet reaches or reads them.</summary>
public static class Tailnet
{
    private static readonly IPNetwork V4 = new(IPAddress.Parse("100.64.0.0"), 10);
    private static readonly IPNetwork V6 = new(IPAddress.Parse("fd7a:115c:a1e0::"), 48);

    /// <summary>Whether the address is on a tailnet, also where it is an IPv4 address in IPv6's form.</summary>
    public static bool Contains(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        return V4.Contains(address) || V6.Contains(address);
    }

    /// <summary>Whether the address is this machine's own or on a tailnet.</summary>
    public static bool IsPrivate(IPAddress address) =>
        IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address) || Contains(address);
}
