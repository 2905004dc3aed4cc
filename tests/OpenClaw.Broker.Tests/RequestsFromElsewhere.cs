using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace OpenClaw.Broker.Tests;

/// <summary>Lets a test's request seem to come from the address that it names in <see cref="Header"/>: a machine has but one of its own.</summary>
internal sealed class RequestsFromElsewhere : IStartupFilter
{
    public const string Header = "Test-From";

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(static (context, next) =>
        {
            if (context.Request.Headers.TryGetValue(Header, out var from)) context.Connection.RemoteIpAddress = IPAddress.Parse(from.ToString());
            return next(context);
        });
        next(app);
    };
}
