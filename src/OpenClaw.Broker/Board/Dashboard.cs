using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.DataProtection;
using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using Orleans.Dashboard;

namespace OpenClaw.Broker.Board;

/// <summary>The Orleans dashboard, behind a login with the admin token.</summary>
internal static class Dashboard
{
    private const string Path = "/dashboard";
    private const string LoginPath = "/login";
    private const long MaxFormBytes = 16 * 1024;

    public static void Add(WebApplicationBuilder builder)
    {
        // Sessions end with the process: the keys are never written anywhere.
        builder.Services.AddDataProtection().UseEphemeralDataProtectionProvider();
        builder.Services.AddAuthorization();
        builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie(cookie =>
        {
            cookie.Cookie.Name = "openclaw-admin";
            cookie.Cookie.HttpOnly = true;
            cookie.Cookie.SameSite = SameSiteMode.Strict;
            cookie.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            cookie.LoginPath = LoginPath;
            cookie.ExpireTimeSpan = TimeSpan.FromHours(12);
        });
    }

    public static void Map(WebApplication app, string adminToken)
    {
        app.UseAuthentication();
        app.UseAuthorization();
        var hash = RequiredToken.Hash(adminToken);
        app.MapGet(LoginPath, (RequestDelegate)(context => ShowLoginAsync(context, StatusCodes.Status200OK, "")));
        app.MapPost(LoginPath, (RequestDelegate)(context => LoginAsync(context, hash)));
        app.MapOrleansDashboard(Path).RequireAuthorization();
    }

    private static async Task LoginAsync(HttpContext context, byte[] hash)
    {
        RequestBody.Limit(context, MaxFormBytes);
        var token = context.Request.HasFormContentType ? (await context.Request.ReadFormAsync())["token"].ToString() : "";
        if (!RequiredToken.Matches(token.Trim(), hash))
        {
            await ShowLoginAsync(context, StatusCodes.Status401Unauthorized, "That is not the admin token. It is the value of ADMIN_TOKEN in the broker's configuration.");
            return;
        }
        var admin = new ClaimsIdentity([new Claim(ClaimTypes.Name, "admin")], CookieAuthenticationDefaults.AuthenticationScheme);
        await context.SignInAsync(new ClaimsPrincipal(admin));
        context.Response.Redirect(Path + "/");
    }

    private static Task ShowLoginAsync(HttpContext context, int status, string message)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'";
        return context.Response.WriteAsync($$"""
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>OpenClaw Broker</title>
            <style>
            :root { color-scheme: light dark } body { font: 1rem system-ui; max-width: 24rem; margin: 20vh auto; padding: 0 1rem }
            input, button { font: inherit; padding: .5rem; width: 100%; box-sizing: border-box; margin-top: .5rem } p { color: #c00 }
            </style></head>
            <body><h1>OpenClaw Broker</h1><form method="post" action="{{LoginPath}}"><label>Admin token
            <input type="password" name="token" autocomplete="current-password" required autofocus></label><button>Open the dashboard</button></form>
            <p role="alert">{{HtmlEncoder.Default.Encode(message)}}</p></body></html>
            """);
    }
}
