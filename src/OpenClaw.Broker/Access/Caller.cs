using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;

namespace OpenClaw.Broker.Access;

/// <summary>Who sent a request.</summary>
/// <param name="Credential">The token that came with it.</param>
/// <param name="Rights">What the caller may: the token's role, or that of the person for whom it acts.</param>
/// <param name="Person">Who it is or speaks for; null where nobody is named.</param>
/// <param name="Own">Of somebody for whom another token speaks: the agent's token that is their own.</param>
internal sealed record Caller(Credential Credential, Role Rights, string? Person, Credential? Own = null)
{
    private const Role SeeAll = Role.Bot | Role.Reader | Role.Approver | Role.Admin;

    /// <summary>Who did it, as people read it: the token's name, or <c>person via token</c>.</summary>
    public string Name { get; } = Person is null || Person == Credential.Token.Person ? Credential.Token.Name : $"{Person} via {Credential.Token.Name}";

    public Token Token => Credential.Token;

    /// <summary>Whether it speaks for somebody else.</summary>
    public bool Acts => Person is not null && Person != Token.Person;

    /// <summary>Whether there are jobs that it doesn't see.</summary>
    public bool SeesOwnAlone => (Rights & SeeAll) == 0 && (Token.Role != Role.Worker || Token.WorkerPattern is not null);

    public bool Is(Role role) => (Rights & role) != 0;

    public bool MayAskFor(string command) => Token.MayAskFor(command) && Own?.Token.MayAskFor(command) != false;
}

/// <summary>A caller as ASP.NET Core knows one. Made once per token, not per request.</summary>
internal sealed class CallerPrincipal : ClaimsPrincipal
{
    public CallerPrincipal(Caller caller) : base(new ClaimsIdentity([new Claim(ClaimTypes.Name, caller.Name)], caller.Token.Role.Name()))
    {
        Caller = caller;
        Authenticated = Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(this, caller.Token.Role.Name())));
    }

    public Caller Caller { get; }

    public Task<AuthenticateResult> Authenticated { get; }
}

internal static class CallerOfRequest
{
    /// <summary>Who sent this request; only for endpoints behind one of <see cref="Rights"/>.</summary>
    public static Caller GetCaller(this HttpContext context) => ((CallerPrincipal)context.User).Caller;
}
