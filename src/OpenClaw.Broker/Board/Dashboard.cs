using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.DataProtection;
using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Contracts;
using OpenClaw.Programs;
using Orleans.Dashboard;

namespace OpenClaw.Broker.Board;

/// <summary>The Orleans dashboard, behind a login with the admin token.</summary>
internal static class Dashboard
{
    private const string Path = "/dashboard";
    private const string LoginPath = "/login";
    private const string LogoutPath = "/logout";
    private const string OldPage = "That page was from before the broker's last start, or not its own. Try again.";
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
        builder.Services.AddAntiforgery(form =>
        {
            form.Cookie.Name = "openclaw-form";
            form.Cookie.HttpOnly = true;
            form.Cookie.SameSite = SameSiteMode.Strict;
            form.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            form.FormFieldName = "form";
            form.SuppressXFrameOptionsHeader = true; // ours is stricter
        });
    }

    /// <summary>Guards all pages of the dashboard: what they may load, where they are served, and that they only show.</summary>
    public static void UseDashboardGuard(this WebApplication app) => app.Use(static (context, next) =>
    {
        var (path, method) = (context.Request.Path, context.Request.Method);
        var isBoard = path.StartsWithSegments(Path);
        if (!isBoard && !path.StartsWithSegments(LoginPath) && !path.StartsWithSegments(LogoutPath)) return next(context);
        var headers = context.Response.Headers;
        // The Orleans dashboard draws with styles it makes itself, and has small pictures and a font inside its style sheet.
        headers.ContentSecurityPolicy =
            "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; " +
            "form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
        headers["Referrer-Policy"] = "same-origin"; // with "no-referrer" a browser sends the page's own form with "Origin: null"
        if (context.Connection.LocalIpAddress is { } here && !Tailnet.IsPrivate(here))
        {
            throw new ProblemException(StatusCodes.Status403Forbidden, ErrorCodes.Forbidden,
                "the dashboard is served on this machine and its tailnet alone; to reach it from elsewhere, use an ssh tunnel");
        }
        if (!isBoard || HttpMethods.IsGet(method) || HttpMethods.IsHead(method)) return next(context);
        context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
        headers.Allow = "GET, HEAD";
        return Task.CompletedTask;
    });

    public static void MapDashboard(this WebApplication app)
    {
        var tokens = app.Services.GetRequiredService<Tokens>();
        var guesses = app.Services.GetRequiredService<Guesses>();
        var forms = app.Services.GetRequiredService<IAntiforgery>();
        app.MapGet(LoginPath, (RequestDelegate)(context => ShowAsync(context, forms)));
        app.MapPost(LoginPath, (RequestDelegate)(context => LoginAsync(context, tokens, guesses, forms))).WithMetadata(new ReadsForms());
        app.MapPost(LogoutPath, (RequestDelegate)(context => LogoutAsync(context, forms))).WithMetadata(new ReadsForms());
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

    /// <summary>The way in, or the way out for who is signed in.</summary>
    private static async Task ShowAsync(HttpContext context, IAntiforgery forms, int status = StatusCodes.Status200OK, string message = "")
    {
        var isSignedIn = await context.AuthenticateAsync(Scheme) is { Succeeded: true };
        var token = forms.GetAndStoreTokens(context); // what another's page can't know and so can't send
        var field = $"""<input type="hidden" name="{token.FormFieldName}" value="{HtmlEncoder.Default.Encode(token.RequestToken!)}">""";
        await SendPageAsync(context, status, (isSignedIn
            ? $"""
                <p>You are signed in.</p><p><a href="{Path}/">Open the dashboard</a></p>
                <form method="post" action="{LogoutPath}">{field}<button>Sign out</button></form>
                """
            : $"""
                <form method="post" action="{LoginPath}">{field}<label>Admin token
                <input type="password" name="token" autocomplete="current-password" required autofocus></label><button>Open the dashboard</button></form>
                """) + $"""<p role="alert">{HtmlEncoder.Default.Encode(message)}</p>""");
    }

    private static async Task LoginAsync(HttpContext context, Tokens tokens, Guesses guesses, IAntiforgery forms)
    {
        if (guesses.BlockedFor(context) is { } seconds) throw Guesses.Blocked(seconds);
        var form = await ReadFormAsync(context);
        if (!await forms.IsRequestValidAsync(context))
        {
            await ShowAsync(context, forms, StatusCodes.Status400BadRequest, OldPage);
            return;
        }
        if (!form.TryGetValue("token", out var token) || tokens.Find(token.ToString().Trim(), isWorker: false) is not { Token.Role: Role.Admin } admin
            || !tokens.Use(admin))
        {
            await guesses.NoteAsync(context, expired: null);
            await ShowAsync(context, forms, StatusCodes.Status401Unauthorized,
                "That is no admin's token. It is the value of ADMIN_TOKEN in the broker's configuration, or one of the role admin that clawctl made.");
            return;
        }
        await context.SignInAsync(Scheme, admin.Principal);
        context.Response.Redirect(Path + "/");
    }

    private static async Task LogoutAsync(HttpContext context, IAntiforgery forms)
    {
        await ReadFormAsync(context);
        if (!await forms.IsRequestValidAsync(context))
        {
            await ShowAsync(context, forms, StatusCodes.Status400BadRequest, OldPage);
            return;
        }
        await context.SignOutAsync(Scheme);
        context.Response.Redirect(LoginPath);
    }

    /// <summary>The form; what is wrong with it becomes an answer of ours before the framework looks for its token.</summary>
    private static async Task<IFormCollection> ReadFormAsync(HttpContext context)
    {
        RequestBody.Limit(context, MaxFormBytes);
        try
        {
            return context.Request.HasFormContentType ? await context.Request.ReadFormAsync() : FormCollection.Empty;
        }
        catch (Exception e) when (e is IOException and not BadHttpRequestException or InvalidOperationException
            && !context.RequestAborted.IsCancellationRequested)
        {
            throw ProblemException.BadRequest(e.Message); // a part without its end, or what follows the chunks
        }
    }

    private static Task SendPageAsync(HttpContext context, int status, string body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html; charset=utf-8";
        return context.Response.WriteAsync($$"""
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>OpenClaw Broker</title>
            <link rel="icon" href="data:,">
            <style>
            :root { color-scheme: light dark } body { font: 1rem system-ui; max-width: 24rem; margin: 20vh auto; padding: 0 1rem }
            input, button { font: inherit; padding: .5rem; width: 100%; box-sizing: border-box; margin-top: .5rem } [role=alert] { color: #c00 }
            </style></head>
            <body><h1>OpenClaw Broker</h1>{{body}}</body></html>
            """);
    }
}
