using System.Net;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace OpenClaw.Broker.Tests;

/// <summary>Every route with every kind of token: what is not in this table is not allowed to exist.</summary>
public sealed class RightsTests
{
    private const string NoJob = "00000000-0000-4000-8000-000000000000";
    private const string All = "bot agent reader approver admin worker";

    /// <summary>By route: who may call it; and, where it is one of the Python broker's, that a token of the other kind is none at all.</summary>
    private static readonly Dictionary<string, (string May, bool IsOfContract)> Table = new()
    {
        ["POST /jobs"] = ("bot agent admin", true),
        ["GET /jobs/{id}"] = ("bot agent reader approver admin worker", true),
        ["GET /jobs/next"] = ("worker", true),
        ["POST /jobs/{id}/result"] = ("worker", true),
        ["POST /jobs/{id}/fail"] = ("worker", true),
        ["GET /jobs"] = ("bot agent reader approver admin", false),
        ["POST /jobs/{id}/cancel"] = ("bot agent admin", false),
        ["PATCH /jobs/{id}"] = ("bot agent admin", false),
        ["POST /jobs/{id}/retry"] = ("bot agent admin", false),
        ["POST /jobs/{id}/hold"] = ("bot agent admin", false),
        ["POST /jobs/{id}/unhold"] = ("bot agent admin", false),
        ["POST /jobs/{id}/snooze"] = ("bot agent admin", false),
        ["GET /jobs/{id}/history"] = ("bot agent reader approver admin", false),
        ["GET /jobs/{id}/explain"] = ("bot agent reader approver admin", false),
        ["GET /jobs/{id}/parents"] = ("worker", false),
        ["POST /jobs/{id}/chunks"] = ("worker", false),
        ["GET /jobs/{id}/chunks"] = ("bot agent reader approver admin", false),
        ["GET /jobs/{id}/stream"] = ("bot agent reader approver admin", false),
        ["GET /capabilities"] = ("bot agent reader approver admin", false),
        ["POST /jobs/{id}/tool_calls"] = ("worker", false),
        ["GET /jobs/{id}/tool_calls"] = ("bot agent reader approver admin", false),
        ["GET /tool_calls/{call}"] = ("worker", false),
        ["POST /tool_calls/{call}/result"] = ("bot agent admin", false),
        ["POST /tool_calls/{call}/fail"] = ("bot agent admin", false),
        ["GET /approvals"] = ("approver admin", false),
        ["POST /jobs/{id}/approve"] = ("approver admin", false),
        ["POST /jobs/{id}/deny"] = ("approver admin", false),
        ["POST /jobs/batch"] = ("bot agent admin", false),
        ["PUT /workers/me"] = ("worker", false),
        ["GET /workers/me/control"] = ("worker", false),
        ["GET /commands"] = ("bot agent reader approver admin", false),
        ["POST /workers/{worker}/drain"] = ("bot admin", false),
        ["POST /workers/{worker}/resume"] = ("bot admin", false),
        ["GET /workers"] = ("bot reader approver admin", false),
        ["POST /jobs/retry"] = ("bot agent admin", false),
        ["POST /jobs/cancel"] = ("bot agent admin", false),
        ["POST /jobs/delete"] = ("bot admin", false),
        ["POST /queues/{name}/drain"] = ("bot admin", false),
        ["POST /drain"] = ("bot admin", false),
        ["POST /undrain"] = ("bot admin", false),
        ["DELETE /jobs/{id}"] = ("bot admin", false),
        ["POST /jobs/{id}/heartbeat"] = ("worker", false),
        ["POST /jobs/{id}/release"] = ("worker", false),
        ["GET /queues"] = ("bot reader approver admin", false),
        ["PATCH /queues/{name}"] = ("bot admin", false),
        ["DELETE /queues/{name}"] = ("bot admin", false),
        ["POST /jobs/results"] = ("worker", false),
        ["POST /queues/{name}/pause"] = ("bot admin", false),
        ["POST /queues/{name}/resume"] = ("bot admin", false),
        ["GET /schedules"] = ("bot reader admin", false),
        ["POST /schedules"] = ("bot admin", false),
        ["GET /schedules/{name}"] = ("bot reader admin", false),
        ["PATCH /schedules/{name}"] = ("bot admin", false),
        ["DELETE /schedules/{name}"] = ("bot admin", false),
        ["GET /schedules/{name}/preview"] = ("bot reader admin", false),
        ["POST /schedules/{name}/run"] = ("bot admin", false),
        ["POST /schedules/{name}/pause"] = ("bot admin", false),
        ["POST /schedules/{name}/resume"] = ("bot admin", false),
        ["POST /schedules/{name}/backfill"] = ("bot admin", false),
        ["GET /tokens"] = ("admin", false),
        ["POST /tokens"] = ("admin", false),
        ["DELETE /tokens/{name}"] = ("admin", false),
        ["POST /enrolments"] = ("admin", false),
        ["GET /audit"] = ("reader admin", false),
        ["GET /audit/verify"] = ("reader admin", false),
    };

    /// <summary>Routes without a token: probes, the code that fetches one, and the dashboard behind its login.</summary>
    private static readonly string[] Open = ["GET /health", "HEAD /health", "GET /health/live", "HEAD /health/live", "GET /health/ready",
        "HEAD /health/ready", "POST /enrol", "GET /login", "POST /login", "POST /logout"];

    [Fact]
    public async Task EveryRouteAnswersEveryRoleAsTheTableSays()
    {
        await using var broker = await Caller.StartAsync(static o => o with { AllowDashboard = true });
        var callers = new Dictionary<string, Caller>
        {
            ["bot"] = Caller.Bot(broker),
            ["worker"] = Caller.Worker(broker),
            ["admin"] = Caller.Admin(broker),
            ["agent"] = await Caller.MakeAsync(broker, "agent-1", "agent", """ "commands": ["ping"] """),
            ["reader"] = await Caller.MakeAsync(broker, "reader-1", "reader"),
            ["approver"] = await Caller.MakeAsync(broker, "approver-1", "approver"),
        };
        var routes = Routes(broker);
        Assert.Empty(routes.Except(Table.Keys).Except(Open)); // a new route needs a line above
        Assert.Empty(Table.Keys.Except(routes));
        foreach (var (route, (may, isOfContract)) in Table)
        {
            foreach (var role in All.Split(' '))
            {
                foreach (var caller in (Caller[])[callers[role], callers[role].AsBearer()])
                {
                    var answer = await SendAsync(caller, route);
                    var isOther = isOfContract && (role == "worker") != (may == "worker");
                    var expected = may.Split(' ').Contains(role) ? "2xx, 4xx of the call itself" : isOther ? "401" : "403";
                    Assert.True(expected == answer.Status switch
                    {
                        HttpStatusCode.Unauthorized => "401",
                        HttpStatusCode.Forbidden => "403",
                        _ => "2xx, 4xx of the call itself",
                    }, $"{route} as {role} ({caller.Header}): {answer.Status} {answer.Text}");
                    Assert.True((int)answer.Status < 500, $"{route} as {role}: {answer.Status}");
                }
            }
            Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(new Caller(broker, "X-Unrelated", "x"), route)).Status);
        }
    }

    private static Task<Reply> SendAsync(Caller caller, string route)
    {
        var (method, path) = (route.Split(' ')[0], route.Split(' ')[1].TrimStart('/'));
        path = path.Replace("{id}", NoJob, StringComparison.Ordinal).Replace("{name}", "none", StringComparison.Ordinal);
        return caller.SendAsync(new HttpMethod(method), path, method == "POST" ? "{}" : null);
    }

    private static List<string> Routes(BrokerFixture broker) =>
        [.. ((IEnumerable<EndpointDataSource>)broker.Services.GetServices<EndpointDataSource>()).SelectMany(static s => s.Endpoints).OfType<RouteEndpoint>()
            .Where(static e => !e.RoutePattern.RawText!.StartsWith("/dashboard", StringComparison.Ordinal))
            .SelectMany(static e => (e.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["ANY"]).Select(m => $"{m} {Path(e)}")).Distinct()];

    private static string Path(RouteEndpoint endpoint) => "/" + endpoint.RoutePattern.RawText!.Trim('/');
}
