using System.Net;

namespace OpenClaw.Broker.Tests;

public sealed class UpgradeGateTests
{
    [Fact]
    public async Task GateThatNobodyOpensOpensByItself()
    {
        await using var broker = await BrokerFixture.StartAsync(static path => File.WriteAllText(path + ".gate", "secret"));
        await broker.RunForAsync(TimeSpan.FromMinutes(10));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await AskAsync(broker));
        await broker.RunForAsync(TimeSpan.FromMinutes(10));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(broker));
    }

    private static async Task<HttpStatusCode> AskAsync(BrokerFixture broker)
    {
        using var answer = await broker.Http.GetAsync(new Uri("health", UriKind.Relative));
        return answer.StatusCode;
    }
}
