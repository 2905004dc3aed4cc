using System.Net;
using System.Net.Sockets;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Hooks;

/// <summary>
/// Where webhooks may go: to public addresses over https, and to what an administrator names. A person who may ask for a webhook must
/// not reach through this machine what only it reaches.
/// </summary>
internal sealed class HookGuard(IReadOnlyCollection<string> names, IReadOnlyCollection<IPNetwork> networks)
{
    // Registered for other ends than public hosts (RFC 6890 and what IANA has added since), or holding another address.
    private static readonly IPNetwork[] NotPublic =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
            "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
        }.Select(static n => IPNetwork.Parse(n)),
    ];

    private static readonly IPNetwork PublicV6 = IPNetwork.Parse("2000::/3");

    private static readonly IPNetwork[] NotPublicV6 =
        [.. new[] { "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20" }.Select(static n => IPNetwork.Parse(n))];

    /// <summary>A comma list of names, <c>.name</c> for all below it, addresses and networks; what is none of these is noted.</summary>
    public static HookGuard Read(Settings settings)
    {
        var (names, networks) = (new List<string>(), new List<IPNetwork>());
        foreach (var item in settings.Text(BrokerVariables.WebhookAllow, "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (IPAddress.TryParse(item.Trim('[', ']'), out var address)) networks.Add(Only(Plain(address)));
            else if (IPNetwork.TryParse(item, out var network)) networks.Add(network);
            else if (Uri.CheckHostName(item.TrimStart('.')) == UriHostNameType.Dns) names.Add(item);
            else settings.Note($"{BrokerVariables.WebhookAllow} has '{item}'. It takes names such as push.home.arpa, addresses, and networks such as "
                + "100.64.0.0/10.");
        }
        return new HookGuard(names, networks);
    }

    /// <summary>Whether the name is one that the administrator vouches for, whatever its address.</summary>
    public bool Vouches(string host) => names.Any(name => name[0] == '.' ? host.EndsWith(name, StringComparison.OrdinalIgnoreCase)
        : host.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether a connection to the address may be made for a webhook to that host.</summary>
    /// <param name="isEncrypted">Whether it goes over https.</param>
    public bool Allows(string host, IPAddress address, bool isEncrypted)
    {
        address = Plain(address);
        return Vouches(host) || networks.Any(n => n.Contains(address)) || isEncrypted && IsPublic(address);
    }

    /// <summary>Whether the address is one of the public Internet's.</summary>
    public static bool IsPublic(IPAddress address)
    {
        address = Plain(address);
        return address.AddressFamily == AddressFamily.InterNetwork ? !NotPublic.Any(n => n.Contains(address))
            : PublicV6.Contains(address) && !NotPublicV6.Any(n => n.Contains(address));
    }

    private static IPNetwork Only(IPAddress address) => new(address, address.GetAddressBytes().Length * 8);

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
