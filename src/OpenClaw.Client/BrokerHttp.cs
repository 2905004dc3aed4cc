namespace OpenClaw.Client;

/// <summary>The HTTP connection to a broker: tokens go to the configured address alone, so redirects are not followed.</summary>
public static class BrokerHttp
{
    public static HttpClient Create() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        // A broker that moved to another address is found again.
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    });
}
