namespace OpenClaw.Client;

/// <summary>The HTTP connection to a broker: tokens go to the configured address alone, so redirects are not followed.</summary>
public static class BrokerHttp
{
    /// <param name="reuse">How long a connection is used again; zero: a new one for each request, which .NET never sends twice by itself.</param>
    public static HttpClient Create(TimeSpan? reuse = null) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        // A broker that moved to another address is found again.
        PooledConnectionLifetime = reuse ?? TimeSpan.FromMinutes(5),
    });
}
