using System.Net.Sockets;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Running;

/// <summary>Asks the running broker how it is, as another process of the same machine and configuration.</summary>
internal static class HealthClient
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Prints what it says.</summary>
    /// <returns>The exit code: 0 where all is well.</returns>
    public static async Task<int> AskAsync(BrokerOptions options)
    {
        var (answer, isWell) = await GetAsync(options);
        (isWell ? Console.Out : Console.Error).WriteLine(answer);
        return isWell ? ExitCodes.Ok : ExitCodes.Unavailable;
    }

    /// <summary>What <c>/health/ready</c> says, in a line, and whether all is well.</summary>
    public static async Task<(string Answer, bool IsWell)> GetAsync(BrokerOptions options)
    {
        using var http = Create(options);
        try
        {
            using var response = await http.GetAsync(new Uri("health/ready", UriKind.Relative));
            return (VisibleText.Of(await response.Content.ReadAsStringAsync()), response.IsSuccessStatusCode);
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or OperationCanceledException)
        {
            return ($"no broker answers at {http.BaseAddress} ({e.Message}). Start it, and look at its log: journalctl -u openclaw-broker", false);
        }
    }

    /// <summary>A client that reaches the broker of this configuration, through its gate too.</summary>
    public static HttpClient Create(BrokerOptions options)
    {
        var http = new HttpClient { Timeout = Patience, BaseAddress = new Uri($"http://{Reachable(options)}:{options.Port}/") };
        if (UpgradeGate.ReadToken(options.DatabasePath) is { } token) http.DefaultRequestHeaders.TryAddWithoutValidation(UpgradeGate.Header, token);
        return http;
    }

    private static string Reachable(BrokerOptions options) => options.IsOnTailscale || options.Host is "0.0.0.0" ? "127.0.0.1"
        : options.Host is "::" ? "[::1]"
        : options.Host.Contains(':', StringComparison.Ordinal) ? $"[{options.Host}]"
        : options.Host;
}
