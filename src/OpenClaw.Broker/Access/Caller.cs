using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;

namespace OpenClaw.Broker.Access;

internal enum Role
{
    Bot,
    Worker,

    /// <summary>A person who is signed in to the dashboard.</summary>
    Admin,
}

/// <summary>Who sent a request.</summary>
internal sealed record Caller(string Name, Role Role);

/// <summary>A caller as ASP.NET Core knows one. Made once per token, not per request.</summary>
internal sealed class CallerPrincipal : ClaimsPrincipal
{
    public CallerPrincipal(Caller caller) : base(new ClaimsIdentity([new Claim(ClaimTypes.Name, caller.Name)], caller.Role.ToString()))
    {
        Caller = caller;
        Authenticated = Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(this, caller.Role.ToString())));
    }

    public Caller Caller { get; }

    public Task<AuthenticateResult> Authenticated { get; }
}

internal static class CallerOfRequest
{
    /// <summary>Who sent this request; only for endpoints behind one of <see cref="Policies"/>.</summary>
    public static Caller GetCaller(this HttpContext context) => ((CallerPrincipal)context.User).Caller;
}
