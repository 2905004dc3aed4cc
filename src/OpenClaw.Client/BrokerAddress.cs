using System.Net;
using OpenClaw.Programs;

namespace OpenClaw.Client;

/// <summary>
/// Where the broker is. Over plain http a token can be read on the way, so that is only for this machine, a tailnet, or a
/// network that the user vouches for with <c>ALLOW_PLAIN_HTTP=1</c>.
/// </summary>
public static class BrokerAddress
{
    /// <summary><c>BROKER_URL</c>; what is wrong with it is noted in the settings.</summary>
    public static Uri Read(Settings settings, string fallback)
    {
        var url = settings.Url(Variables.BrokerUrl, fallback);
        if (url.Scheme == Uri.UriSchemeHttp && !IsPrivate(url) && settings.Text(Variables.AllowPlainHttp) is not "1")
        {
            settings.Note($"{Variables.BrokerUrl} is '{url}': plain http would show the token to the networks on the way. "
                + $"Use https or a tailnet address, or set {Variables.AllowPlainHttp}=1 if you trust them.");
        }
        return url;
    }

    /// <summary>Whether the address is on this machine or a tailnet; a name without a dot is one of a local network's own.</summary>
    public static bool IsPrivate(Uri url)
    {
        if (url.IsLoopback) return true;
        if (!IPAddress.TryParse(url.Host.Trim('[', ']'), out var address))
        {
            return !url.Host.Contains('.', StringComparison.Ordinal) || url.Host.EndsWith(".ts.net", StringComparison.OrdinalIgnoreCase);
        }
        return Tailnet.IsPrivate(address);
    }
}
