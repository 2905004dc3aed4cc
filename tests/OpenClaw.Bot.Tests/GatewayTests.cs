using OpenClaw.Bot.Tests.Fake;

namespace OpenClaw.Bot.Tests;

public sealed class GatewayTests
{
    [Fact]
    public async Task IdentifiesWithTokenPropertiesAndTheIntentsOfDirectMessages()
    {
        await using var bot = await BotUnderTest.StartAsync();
        var identify = Assert.Single(bot.Discord.Gateway.Received(2))["d"]!;
        Assert.Equal(FakeDiscord.Token, identify["token"]!.GetValue<string>());
        Assert.Equal(1 << 12, identify["intents"]!.GetValue<int>());
        bot.Discord.AssertNoViolations();
    }
}
