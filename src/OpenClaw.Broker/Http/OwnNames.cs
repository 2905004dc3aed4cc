using System.Net;

namespace OpenClaw.Broker.Http;

/// <summary>
/// The names that may mean this broker. A page of somebody else's whose name suddenly means this machine (DNS rebinding)
/// comes with its own, public name; nobody can do that to an address, to a private name or to a tailnet's.
/// </summary>
internal sealed class OwnNames
{
    private static readonly string[] PrivateSuffixes = [".ts.net", ".local", ".internal", ".lan", ".home.arpa", ".localhost", ".test"];
    private readonly HashSet<string> listed = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> listedSuffixes = [];
    private readonly string[] own;
    private readonly bool takesAny;

    public OwnNames(BrokerOptions options)
    {
        own = [Dns.GetHostName(), options.Host];
        foreach (var entry in options.AllowedHosts)
        {
            var name = new HostString(entry).Host;
            if (name == "*") takesAny = true;
            else if (name.StartsWith('.')) listedSuffixes.Add(name);
            else listed.Add(name);
        }
    }

    /// <param name="host">A request's <c>Host</c> without the port.</param>
    public bool Contains(string host)
    {
        var name = host.TrimEnd('.');
        return takesAny || !name.Contains('.', StringComparison.Ordinal) || Ends(name, PrivateSuffixes) || IPAddress.TryParse(name, out _)
            || own.Contains(name, StringComparer.OrdinalIgnoreCase) || IsListed(name);
    }

    /// <summary>Whether <c>ALLOWED_HOSTS</c> names it, itself or as one of those below a name; <c>*</c> names nobody.</summary>
    public bool IsListed(string name) => listed.Contains(name) || Ends(name, listedSuffixes);

    private static bool Ends(string name, IEnumerable<string> suffixes) => suffixes.Any(s => name.EndsWith(s, StringComparison.OrdinalIgnoreCase));
}
