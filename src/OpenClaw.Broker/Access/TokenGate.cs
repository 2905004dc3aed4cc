using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http.Features;
using OpenClaw.Broker.Http;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Access;

/// <summary>Wants the token of one of the roles; a refusal names the first.</summary>
internal sealed class TokenRequirement(params Role[] roles) : IAuthorizationRequirement
{
    public IReadOnlyList<Role> Roles { get; } = roles;
}

/// <summary>
/// Evaluates policies that want a token, and answers 401; cookies go the framework's own way. The framework's way for
/// tokens too (a handler object, a merged principal and an authorization context per request) takes 1 µs and 2.7 KB more.
/// </summary>
internal sealed class TokenGate(Tokens tokens, IAuthorizationService authorization) : IPolicyEvaluator, IAuthorizationMiddlewareResultHandler
{
    private static readonly Task<AuthenticateResult> NoToken = Task.FromResult(AuthenticateResult.NoResult());
    private static readonly Task<PolicyAuthorizationResult> Allowed = Task.FromResult(PolicyAuthorizationResult.Success());
    private static readonly Task<PolicyAuthorizationResult> Challenged = Task.FromResult(PolicyAuthorizationResult.Challenge());
    private readonly PolicyEvaluator cookies = new(authorization);
    private readonly AuthorizationMiddlewareResultHandler cookieResults = new();

    public Task<AuthenticateResult> AuthenticateAsync(AuthorizationPolicy policy, HttpContext context)
    {
        if (Requirement(policy) is not { } required) return cookies.AuthenticateAsync(policy, context);
        foreach (var role in required.Roles)
        {
            if (tokens.Find(context.Request, role) is not { } caller) continue;
            context.User = caller;
            ConnectionGate.Trust(context);
            return caller.Authenticated;
        }
        return NoToken;
    }

    public Task<PolicyAuthorizationResult> AuthorizeAsync(AuthorizationPolicy policy, AuthenticateResult authentication, HttpContext context,
        object? resource) =>
        Requirement(policy) is null ? cookies.AuthorizeAsync(policy, authentication, context, resource)
        : authentication.Succeeded ? Allowed
        : Challenged;

    public Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult result) =>
        Requirement(policy) is not { } required ? cookieResults.HandleAsync(next, context, policy, result)
        : result.Succeeded ? next(context)
        : RefuseAsync(context, required.Roles[0]);

    private static TokenRequirement? Requirement(AuthorizationPolicy policy) => policy.Requirements[0] as TokenRequirement;

    private static Task RefuseAsync(HttpContext context, Role role)
    {
        const int Drained = 16 * 1024; // a longer body is not read; its connection is closed
        RequestBody.Limit(context, Drained);
        if (context.Request.ContentLength > Drained || context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true }
            && context.Request.ContentLength is null)
        {
            context.Response.Headers.Connection = "close";
        }
        context.Response.Headers.WWWAuthenticate = $"Token header=\"{Tokens.Header(role)}\"";
        var detail = role == Role.Bot ? "bad bot token" : "bad worker token";
        return Answer.SendProblemAsync(context, new ProblemException(StatusCodes.Status401Unauthorized, ErrorCodes.Unauthorized, detail));
    }
}
