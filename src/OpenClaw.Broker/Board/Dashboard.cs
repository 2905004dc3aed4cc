using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.WebUtilities;
using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Contracts;
using Orleans.Dashboard;

namespace OpenClaw.Broker.Board;

/// <summary>The Orleans dashboard, behind a login with the admin token.</summary>
internal static class Dashboard
{
    private const string Path = "/dashboard";
    private const string LoginPath = "/login";
    private const string LogoutPath = "/logout";
    private const long MaxFormBytes = 16 * 1024;
    private const string Scheme = CookieAuthenticationDefaults.AuthenticationScheme;

    public static void AddDashboard(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Sessions>();
        builder.Services.AddOptions<CookieAuthenticationOptions>(Scheme).Configure<Sessions>(static (cookie, sessions) => cookie.SessionStore = sessions);
        // Sessions end with the process: the keys are never written anywhere.
        builder.Services.AddDataProtection().UseEphemeralDataProtectionProvider();
        builder.Services.AddAuthentication(Scheme).AddCookie(cookie =>
        {
            cookie.Cookie.Name = "openclaw-admin";
            cookie.Cookie.HttpOnly = true;
            cookie.Cookie.SameSite = SameSiteMode.Strict;
            cookie.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            cookie.ExpireTimeSpan = TimeSpan.FromHours(12);
            cookie.SlidingExpiration = false;
            cookie.Events.OnRedirectToLogin = static context =>
            {
                context.Response.Redirect(LoginPath); // relative, so that a Host header never leads elsewhere
                return Task.CompletedTask;
            };
        });
    }

    /// <summary>Guards all pages of the dashboard: what they may load, and under which names they are served.</summary>
    public static void UseDashboardGuard(this WebApplication app)
    {
        var hosts = new DashboardHosts(app.Services.GetRequiredService<BrokerOptions>());
        app.Use((context, next) =>
        {
            var path = context.Request.Path;
            if (!path.StartsWithSegments(Path) && !path.StartsWithSegments(LoginPath) && !path.StartsWithSegments(LogoutPath)) return next(context);
            // The Orleans dashboard draws with styles it makes itself, and has small pictures and a font inside its style sheet.
            context.Response.Headers.ContentSecurityPolicy =
                "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; " +
                "form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
            return hosts.Allow(context.Request.Host.Host)
                ? next(context)
                : throw ProblemException.BadRequest($"the dashboard is not served under this name; to allow it, add it to "
                    + $"{BrokerVariables.AllowedHosts} in the broker's configuration");
        });
    }

    public static void MapDashboard(this WebApplication app)
    {
        var tokens = app.Services.GetRequiredService<Tokens>();
        app.MapGet(LoginPath, (RequestDelegate)ShowAsync);
        app.MapPost(LoginPath, (RequestDelegate)(context => LoginAsync(context, tokens)));
        app.MapPost(LogoutPath, (RequestDelegate)LogoutAsync);
        var onlookers = app.Services.GetRequiredService<Onlookers>();
        var dashboard = app.MapOrleansDashboard(Path).RequireAuthorization(Rights.Dashboard).AddEndpointFilter(WhatIsNotThereIs404Async);
        dashboard.AddEndpointFilter((invocation, next) =>
        {
            onlookers.Look();
            return next(invocation);
        });
    }

    /// <summary>The dashboard fails at names of silos and grains that don't exist.</summary>
    private static async ValueTask<object?> WhatIsNotThereIs404Async(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        var request = invocation.HttpContext.Request;
        try
        {
            return await next(invocation);
        }
        catch (Exception) when ((request.RouteValues.Count > 0 || request.QueryString.HasValue)
            && !invocation.HttpContext.RequestAborted.IsCancellationRequested)
        {
            throw new ProblemException(StatusCodes.Status404NotFound, ErrorCodes.NotFound, "the dashboard knows no such silo, grain or page");
        }
    }

    private static async Task ShowAsync(HttpContext context)
    {
        if (await context.AuthenticateAsync(Scheme) is { Succeeded: true })
        {
            await SendPageAsync(context, StatusCodes.Status200OK, $"""
                <p>You are signed in.</p><p><a href="{Path}/">Open the dashboard</a></p>
                <form method="post" action="{LogoutPath}"><button>Sign out</button></form>
                """);
            return;
        }
        await SendLoginAsync(context, StatusCodes.Status200OK, "");
    }

    private static async Task LoginAsync(HttpContext context, Tokens tokens)
    {
        var form = QueryHelpers.ParseQuery(Encoding.UTF8.GetString(await RequestBody.ReadAsync(context, MaxFormBytes)));
        if (!form.TryGetValue("token", out var token) || tokens.Find(token.ToString().Trim(), isWorker: false) is not { Token.Role: Role.Admin } admin
            || !tokens.Use(admin))
        {
            await SendLoginAsync(context, StatusCodes.Status401Unauthorized,
                "That is not the admin token. It is the value of ADMIN_TOKEN in the broker's configuration.");
            return;
        }
        await context.SignInAsync(Scheme, admin.Principal);
        context.Response.Redirect(Path + "/");
    }

    private static async Task LogoutAsync(HttpContext context)
    {
        await context.SignOutAsync(Scheme);
        context.Response.Redirect(LoginPath);
    }

    private static Task SendLoginAsync(HttpContext context, int status, string message) => SendPageAsync(context, status, $"""
        <form method="post" action="{LoginPath}"><label>Admin token
        <input type="password" name="token" autocomplete="current-password" required autofocus></label><button>Open the dashboard</button></form>
        <p role="alert">{HtmlEncoder.Default.Encode(message)}</p>
        """);

    private static Task SendPageAsync(HttpContext context, int status, string body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html; charset=utf-8";
        return context.Response.WriteAsync($$"""
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>OpenClaw Broker</title>
            <style>
            :root { color-scheme: light dark } body { font: 1rem system-ui; max-width: 24rem; margin: 20vh auto; padding: 0 1rem }
            input, button { font: inherit; padding: .5rem; width: 100%; box-sizing: border-box; margin-top: .5rem } [role=alert] { color: #c00 }
            </style></head>
            <body><h1>OpenClaw Broker</h1>{{body}}</body></html>
            """);
    }
}
