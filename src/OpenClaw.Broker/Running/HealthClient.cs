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
        var address = $"http://{Reachable(options)}:{options.Port}/health/ready";
        using var http = new HttpClient { Timeout = Patience };
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (UpgradeGate.ReadToken(options.DatabasePath) is { } token) request.Headers.TryAddWithoutValidation(UpgradeGate.Header, token);
        try
        {
            using var response = await http.SendAsync(request);
            return (VisibleText.Of(await response.Content.ReadAsStringAsync()), response.IsSuccessStatusCode);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return ($"no broker answers at {address} ({e.Message}). Start it, and look at its log: journalctl -u openclaw-broker", false);
        }
    }

    private static string Reachable(BrokerOptions options) => options.IsOnTailscale || options.Host is "0.0.0.0" ? "127.0.0.1"
        : options.Host is "::" ? "[::1]"
        : options.Host.Contains(':', StringComparison.Ordinal) ? $"[{options.Host}]"
        : options.Host;
}
