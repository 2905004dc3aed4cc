using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http.Features;
using OpenClaw.Broker.Http;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Access;

/// <summary>
/// Finds who a request's token is, looks whether they may, and answers 401 and 403; cookies go the framework's own way. The
/// framework's way for tokens too (a handler object, a merged principal and an authorization context per request) takes 1 µs and 2.7 KB more.
/// </summary>
internal sealed class TokenGate(Tokens tokens, Guesses guesses, IAuthorizationService authorization) : IPolicyEvaluator, IAuthorizationMiddlewareResultHandler
{
    private const string Bearer = "Bearer ";
    private const int MostOfAPerson = 128;
    private static readonly Task<AuthenticateResult> NoToken = Task.FromResult(AuthenticateResult.NoResult());
    private static readonly Task<PolicyAuthorizationResult> Allowed = Task.FromResult(PolicyAuthorizationResult.Success());
    private static readonly Task<PolicyAuthorizationResult> Challenged = Task.FromResult(PolicyAuthorizationResult.Challenge());
    private static readonly Task<PolicyAuthorizationResult> Forbidden = Task.FromResult(PolicyAuthorizationResult.Forbid());
    private readonly PolicyEvaluator cookies = new(authorization);
    private readonly AuthorizationMiddlewareResultHandler cookieResults = new();

    public Task<AuthenticateResult> AuthenticateAsync(AuthorizationPolicy policy, HttpContext context)
    {
        if (RightOf(policy) is not { } right) return cookies.AuthenticateAsync(policy, context);
        if (guesses.BlockedFor(context) is not null || Find(context.Request, right, out _) is not { } credential) return NoToken;
        var caller = context.Request.Headers.TryGetValue(HeaderNames.ActingFor, out var person)
            ? new CallerPrincipal(ActingFor(credential, person.ToString())) : credential.Principal;
        context.User = caller;
        ConnectionGate.Trust(context);
        return caller.Authenticated;
    }

    public Task<PolicyAuthorizationResult> AuthorizeAsync(AuthorizationPolicy policy, AuthenticateResult authentication, HttpContext context,
        object? resource) =>
        RightOf(policy) is not { } right ? cookies.AuthorizeAsync(policy, authentication, context, resource)
        : !authentication.Succeeded ? Challenged
        : context.GetCaller().Is(right.Roles) ? Allowed
        : Forbidden;

    public Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult result) =>
        RightOf(policy) is not { } right ? cookieResults.HandleAsync(next, context, policy, result)
        : result.Succeeded ? next(context)
        : RefuseAsync(context, right, result.Forbidden);

    private static Right? RightOf(AuthorizationPolicy policy) => policy.Requirements[0] as Right;

    /// <summary>
    /// The token that was sent where the right wants it. A token of the other kind is none on the paths of the contract; on the
    /// others it is a known one without the right.
    /// </summary>
    private Credential? Find(HttpRequest request, Right right, out Credential? expired)
    {
        expired = null;
        var found = (right.IsForPeople ? Find(request, isWorker: false, ref expired) : null)
            ?? (right.IsForWorkers ? Find(request, isWorker: true, ref expired) : null);
        if (found is not null || request.HttpContext.GetEndpoint()?.Metadata.GetMetadata<OfContract>() is not null) return found;
        return (right.IsForPeople ? null : Find(request, isWorker: false, ref expired))
            ?? (right.IsForWorkers ? null : Find(request, isWorker: true, ref expired));
    }

    private Credential? Find(HttpRequest request, bool isWorker, ref Credential? expired) =>
        Find(Sent(request, isWorker), isWorker, ref expired) ?? Find(SentAsBearer(request), isWorker, ref expired);

    private Credential? Find(string? text, bool isWorker, ref Credential? expired)
    {
        if (text is null || tokens.Find(text, isWorker) is not { } found) return null;
        if (tokens.Use(found)) return found;
        expired = found;
        return null;
    }

    /// <summary>The text in the header for such tokens; null where it is missing or doubled.</summary>
    private static string? Sent(HttpRequest request, bool isWorker) =>
        request.Headers[isWorker ? HeaderNames.WorkerToken : HeaderNames.BotToken] is { Count: 1 } sent ? sent[0] : null;

    private static string? SentAsBearer(HttpRequest request) =>
        request.Headers.Authorization is { Count: 1 } sent && sent[0]!.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            ? sent[0]![Bearer.Length..].Trim() : null;

    /// <summary>Somebody for whom a token speaks has their own rights, where a token stands for them, and the token's where none does.</summary>
    private Caller ActingFor(Credential credential, string person)
    {
        if (!credential.Token.ActsFor || person.Length is 0 or > MostOfAPerson || !person.All(static c => c is > ' ' and <= '~'))
        {
            return new Caller(credential, Role.None, credential.Token.Person);
        }
        var own = tokens.Of(person);
        var rights = own.Aggregate(Role.None, static (rights, c) => rights | c.Token.Role);
        // Who has taken over a chat bot has not taken over the broker.
        if ((rights & Role.Admin) != 0) rights = (rights & ~Role.Admin) | Role.Bot | Role.Approver;
        return new Caller(credential, rights == Role.None ? credential.Token.Role : rights, person, rights == Role.Agent ? own[0] : null);
    }

    private async Task RefuseAsync(HttpContext context, Right right, bool isKnown)
    {
        const int Drained = 16 * 1024; // a longer body is not read; its connection is closed
        RequestBody.Limit(context, Drained);
        if (context.Request.ContentLength > Drained || context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true }
            && context.Request.ContentLength is null)
        {
            context.Response.Headers.Connection = "close";
        }
        await Answer.SendProblemAsync(context, isKnown ? Forbid(context, right) : await ChallengeAsync(context, right));
    }

    private async Task<ProblemException> ChallengeAsync(HttpContext context, Right right)
    {
        if (guesses.BlockedFor(context) is { } seconds) return Guesses.Blocked(seconds);
        Find(context.Request, right, out var expired);
        if (IsGuess(context.Request)) await guesses.NoteAsync(context, expired?.Token);
        context.Response.Headers.WWWAuthenticate = $"Token header=\"{right.Header}\"";
        var detail = right.IsForPeople ? "bad bot token" : "bad worker token";
        return new ProblemException(StatusCodes.Status401Unauthorized, ErrorCodes.Unauthorized,
            expired is null ? detail : $"{detail}: it has expired; ask for a new one");
    }

    /// <summary>Whether a token was sent that is nobody's: none at all is no guess, nor is one that opens other paths.</summary>
    private bool IsGuess(HttpRequest request)
    {
        foreach (var text in (ReadOnlySpan<string?>)[Sent(request, isWorker: false), Sent(request, isWorker: true), SentAsBearer(request)])
        {
            if (!string.IsNullOrEmpty(text) && tokens.Find(text, isWorker: false) is null && tokens.Find(text, isWorker: true) is null) return true;
        }
        return false;
    }

    private static ProblemException Forbid(HttpContext context, Right right)
    {
        var caller = context.GetCaller();
        var detail = context.Request.Headers.ContainsKey(HeaderNames.ActingFor) && !caller.Token.ActsFor
            ? $"the token '{caller.Token.Name}' may not act for others; a token made with acts_for may"
            : caller.Rights == Role.None
            ? $"{HeaderNames.ActingFor} must be 1 to {MostOfAPerson} visible ASCII characters, such as discord:123"
            : $"'{caller.Name}' may not {right.Name}; that takes a token of one of the roles {right.RoleNames}";
        return new ProblemException(StatusCodes.Status403Forbidden, ErrorCodes.Forbidden, detail);
    }
}
