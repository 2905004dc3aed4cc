using System.Net;

namespace OpenClaw.Broker.Board;

/// <summary>
/// The names under which the dashboard is served. A page of somebody else's, whose name suddenly means this machine
/// (DNS rebinding), comes with its own name; nobody can do that to an address, nor to a tailnet's names.
/// </summary>
internal sealed class DashboardHosts(BrokerOptions options)
{
    private readonly HashSet<string> names = new(["localhost", Environment.MachineName, .. options.AllowedHosts], StringComparer.OrdinalIgnoreCase);

    /// <param name="host">The request's <c>Host</c> without the port.</param>
    public bool Allow(string host)
    {
        var name = host.TrimEnd('.');
        return names.Contains(name) || name.EndsWith(".ts.net", StringComparison.OrdinalIgnoreCase) || IPAddress.TryParse(name, out _);
    }
}
