using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;

namespace OpenClaw.Broker.Access;

/// <summary>What this room adds to the host.</summary>
internal static class AccessRoom
{
    public static void AddAccess(this IServiceCollection services)
    {
        services.AddSingleton<Tokens>();
        services.AddSingleton<Guesses>();
        services.AddSingleton<TokenGate>();
        services.AddSingleton<IPolicyEvaluator>(static s => s.GetRequiredService<TokenGate>());
        services.AddSingleton<IAuthorizationMiddlewareResultHandler>(static s => s.GetRequiredService<TokenGate>());
        services.AddSingleton<TokensApi>();
        services.AddSingleton<AuditApi>();
        services.AddHostedService<TokenKeeper>();
        var policies = services.AddAuthorizationBuilder();
        foreach (var right in Rights.Table) policies.AddPolicy(right.Name, p => p.AddRequirements(right));
        policies.AddPolicy(Rights.Dashboard, static p =>
            p.AddAuthenticationSchemes(CookieAuthenticationDefaults.AuthenticationScheme).RequireAuthenticatedUser());
    }

    public static void MapAccess(this WebApplication app)
    {
        app.Services.GetRequiredService<TokensApi>().Map(app);
        app.Services.GetRequiredService<AuditApi>().Map(app);
    }
}
