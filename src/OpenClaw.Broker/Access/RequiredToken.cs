using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http.Features;
using OpenClaw.Broker.Http;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Access;

/// <summary>The token that an endpoint asks for, before anything else is looked at.</summary>
internal sealed class RequiredToken
{
    private readonly string header;
    private readonly string detail;
    private readonly byte[] hash;

    private RequiredToken(string header, string detail, string token) => (this.header, this.detail, hash) = (header, detail, Hash(token));

    public static RequiredToken Bot(BrokerOptions options) => new(HeaderNames.BotToken, "bad bot token", options.BotToken);

    public static RequiredToken Worker(BrokerOptions options) => new(HeaderNames.WorkerToken, "bad worker token", options.WorkerToken);

    /// <summary>Whether the text is the token, compared in constant time.</summary>
    public static bool Matches(string text, byte[] hash) => CryptographicOperations.FixedTimeEquals(Hash(text), hash);

    public static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    /// <summary>The middleware that answers 401.</summary>
    public static Task CheckAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<RequiredToken>() is not { } required) return next(context);
        var sent = context.Request.Headers[required.header];
        return sent.Count == 1 && Matches(sent[0]!, required.hash) ? next(context) : required.RefuseAsync(context);
    }

    private Task RefuseAsync(HttpContext context)
    {
        const int Drained = 16 * 1024; // a longer body is not read; its connection is closed
        RequestBody.Limit(context, Drained);
        if (context.Request.ContentLength > Drained || context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true } && context.Request.ContentLength is null)
        {
            context.Response.Headers.Connection = "close";
        }
        context.Response.Headers.WWWAuthenticate = $"Token header=\"{header}\"";
        return Answer.SendProblemAsync(context, new ProblemException(StatusCodes.Status401Unauthorized, ErrorCodes.Unauthorized, detail));
    }
}
