using OpenClaw.Programs;

namespace OpenClaw.Broker.Tests;

public sealed class OptionsTests
{
    private const string Token = "0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("Your_Bot_Token_Here", "placeholder")]
    [InlineData("CHANGEME", "placeholder")]
    [InlineData("<change-me>", "placeholder")]
    [InlineData("xxxxxxxxxxxxxxxx", "placeholder")]
    [InlineData("token-with-an-emoji-\U0001F99E", "no HTTP header can carry")]
    [InlineData("token-with\r\na-line-end", "no HTTP header can carry")]
    public void TokenThatNobodyCanUseIsRefused(string token, string why)
    {
        var problem = Assert.Single(Assert.Throws<SettingsException>(() => Read(("BOT_TOKEN", token))).Problems);
        Assert.Contains(why, problem, StringComparison.Ordinal);
        Assert.DoesNotContain(token, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("box.tailnet.ts.net")]
    [InlineData("::1")]
    [InlineData("[::1]")]
    public void HostMayBeANameOrAnAddress(string host) => Assert.Equal(host.Trim('[', ']'), Read(("BROKER_HOST", host)).Host);

    [Fact]
    public void HostThatIsNeitherIsRefused() => Assert.Throws<SettingsException>(() => Read(("BROKER_HOST", "http://here")));

    [Theory]
    [InlineData("false", false)]
    [InlineData("0", false)]
    [InlineData("true", true)]
    [InlineData("", true)]
    public void StreamingIsOnUnlessItIsSaidOtherwise(string said, bool isOn) => Assert.Equal(isOn, Read(("ENABLE_STREAMING", said)).EnableStreaming);

    [Fact]
    public void AdminsTokenThatIsAlsoAnotherIsWarnedOf()
    {
        Assert.Contains(Read(("ADMIN_TOKEN", Token)).Warnings(), static w => w.StartsWith("ADMIN_TOKEN is also another token", StringComparison.Ordinal));
        Assert.DoesNotContain(Read(("ADMIN_TOKEN", Token + "a")).Warnings(), static w => w.StartsWith("ADMIN_TOKEN", StringComparison.Ordinal));
    }

    private static BrokerOptions Read(params (string Name, string Value)[] changes)
    {
        var environment = new Dictionary<string, string> { ["BOT_TOKEN"] = Token, ["WORKER_TOKEN"] = Token + "w" };
        foreach (var (name, value) in changes) environment[name] = value;
        return BrokerOptions.Read(Settings.Load(environment.GetValueOrDefault, null));
    }
}
