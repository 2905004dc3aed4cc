using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;

namespace OpenClaw.Broker.Access;

/// <summary>Who may call what: <c>MapGroup("/jobs").RequireAuthorization(Policies.Bot)</c>.</summary>
internal static class Policies
{
    public const string Bot = "bot";
    public const string Worker = "worker";
    public const string BotOrWorker = "bot or worker";

    /// <summary>A session of the dashboard.</summary>
    public const string Admin = "admin";

    public static void AddAccess(this IServiceCollection services)
    {
        services.AddSingleton<Tokens>();
        services.AddSingleton<TokenGate>();
        services.AddSingleton<IPolicyEvaluator>(s => s.GetRequiredService<TokenGate>());
        services.AddSingleton<IAuthorizationMiddlewareResultHandler>(s => s.GetRequiredService<TokenGate>());
        services.AddAuthorizationBuilder()
            .AddPolicy(Bot, p => p.AddRequirements(new TokenRequirement(Role.Bot)))
            .AddPolicy(Worker, p => p.AddRequirements(new TokenRequirement(Role.Worker)))
            .AddPolicy(BotOrWorker, p => p.AddRequirements(new TokenRequirement(Role.Bot, Role.Worker)))
            .AddPolicy(Admin, p => p.AddAuthenticationSchemes(CookieAuthenticationDefaults.AuthenticationScheme).RequireAuthenticatedUser());
    }
}
