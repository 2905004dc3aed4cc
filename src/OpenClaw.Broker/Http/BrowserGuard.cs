using Microsoft.Extensions.Primitives;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Http;

/// <summary>Keeps a browser from being used against the broker: by other people's pages, and by what it makes of an answer.</summary>
internal sealed class BrowserGuard(BrokerOptions options)
{
    private static readonly StringValues NoSniff = "nosniff";
    private static readonly StringValues Deny = "DENY";
    private static readonly StringValues NoStore = "no-store";
    private static readonly StringValues LoadsNothing = "default-src 'none'; frame-ancestors 'none'";
    private static readonly StringValues NoReferrer = "no-referrer";

    /// <summary>What browsers send to another site without asking it first.</summary>
    private static readonly string[] FormTypes = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"];

    private readonly OwnNames names = new(options);
    private string? lastHost;

    /// <summary>What every answer says; a page may say otherwise.</summary>
    public static Task AddHeadersAsync(HttpContext context, RequestDelegate next)
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = NoSniff;
        headers.XFrameOptions = Deny;
        headers.CacheControl = NoStore;
        headers.ContentSecurityPolicy = LoadsNothing;
        headers["Referrer-Policy"] = NoReferrer;
        return next(context);
    }

    /// <summary>Refuses what was sent to another's name, or by another's page.</summary>
    /// <exception cref="ProblemException">421 or 403.</exception>
    public Task CheckNamesAsync(HttpContext context, RequestDelegate next)
    {
        var headers = context.Request.Headers;
        if (headers.Host is { Count: > 0 } host && !string.Equals(host[0], lastHost, StringComparison.Ordinal)) CheckHost(host[0]!);
        if (headers.Origin is { Count: > 0 } origins && !(origins.Count == 1 && IsOwnOrigin(origins[0]!, context)))
        {
            throw new ProblemException(StatusCodes.Status403Forbidden, ErrorCodes.Forbidden, "a page of another site may not call this broker. If the page "
                + $"is its own, behind a proxy, add the page's host to {BrokerVariables.AllowedHosts} in the broker's configuration");
        }
        return next(context);
    }

    /// <summary>A form is read only where something says what becomes of it; comes after the tokens, which are looked at first.</summary>
    /// <exception cref="ProblemException">415.</exception>
    public static Task RefuseFormsAsync(HttpContext context, RequestDelegate next) =>
        HttpMethods.IsPost(context.Request.Method) && IsForm(context.Request.ContentType)
            && context.GetEndpoint() is { } endpoint && endpoint.Metadata.GetMetadata<ReadsForms>() is null
                ? throw new ProblemException(StatusCodes.Status415UnsupportedMediaType, ErrorCodes.BadRequest,
                    "this path reads no forms; send JSON, with Content-Type: application/json")
                : next(context);

    private void CheckHost(string host)
    {
        if (!names.Contains(new HostString(host).Host))
        {
            throw new ProblemException(StatusCodes.Status421MisdirectedRequest, ErrorCodes.WrongHost, "this broker does not answer under the name in Host; "
                + $"to allow it, add it to {BrokerVariables.AllowedHosts} in the broker's configuration");
        }
        lastHost = host; // nearly every request sends the same
    }

    private bool IsOwnOrigin(string origin, HttpContext context) =>
        string.Equals(origin, $"{context.Request.Scheme}://{context.Request.Host.Value}", StringComparison.OrdinalIgnoreCase)
            || Uri.TryCreate(origin, UriKind.Absolute, out var page) && page.Scheme is "http" or "https" && names.IsListed(page.Host);

    private static bool IsForm(string? contentType) =>
        contentType is not null && FormTypes.Any(t => contentType.AsSpan().TrimStart().StartsWith(t, StringComparison.OrdinalIgnoreCase));
}
