using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Bot.Tests;

public sealed class SettingsTests
{
    private static readonly Dictionary<string, string> Whole = new()
    {
        [BotVariables.DiscordToken] = "secret-discord-token",
        [Variables.BotToken] = "secret-bot-token",
        [BotVariables.AllowedUserId] = "100000000000000001",
    };

    private static BotSettings Read(Dictionary<string, string> values) => BotSettings.Read(Settings.Load(values.GetValueOrDefault, null));

    [Theory]
    [InlineData(BotVariables.DiscordToken, null)]
    [InlineData(Variables.BotToken, null)]
    [InlineData(BotVariables.AllowedUserId, null)]
    [InlineData(BotVariables.AllowedUserId, " , ")]
    [InlineData(BotVariables.AllowedUserId, "alice")]
    [InlineData(BotVariables.AllowedChannelId, "general")]
    [InlineData(BotVariables.CooldownSeconds, "-1")]
    [InlineData(BotVariables.MaxConcurrent, "0")]
    [InlineData(BotVariables.TimeZone, "Berlin")]
    [InlineData(BotVariables.TimeZone, "W. Europe Standard Time")]
    [InlineData(BotVariables.StateDir, "/proc/nothing/state")]
    [InlineData(Variables.BrokerUrl, "http://broker.example:8000")]
    [InlineData(BotVariables.DiscordApiUrl, "http://discord.example/api/v10")]
    public async Task AMissingOrWrongVariableEndsItWith78AndOneLine(string name, string? value)
    {
        using var folder = new TempFolder();
        var environment = new Dictionary<string, string>(Whole) { [BotVariables.StateDir] = folder.File("state") };
        environment.Remove(name);
        if (value is not null) environment[name] = value;
        await using var program = ProgramProcess.Start(Repository.Program("OpenClaw.Bot", "openclaw-bot"), environment);
        Assert.Equal(ExitCodes.Configuration, await program.WaitForExitAsync());
        var line = Assert.Single(program.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains(name, line, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", line, StringComparison.Ordinal);
    }

    [Fact]
    public void BothListsOfPeopleCountTogether()
    {
        var settings = Read(new(Whole) { [BotVariables.AllowlistUserId] = "2, 3;4 5" });
        Assert.Equal(["100000000000000001", "2", "3", "4", "5"], settings.Chat.AllowedUsers.Order());
    }

    [Fact]
    public void TwoBotsOnOneMachineShareNoMemoryAndANewTokenKeepsIt()
    {
        string Folder(string token, string broker) => Read(new(Whole) { [BotVariables.DiscordToken] = token, [Variables.BrokerUrl] = broker }).StateFolder;
        var first = Folder("bot1.a.b", "http://127.0.0.1:8000");
        Assert.Equal(first, Folder("bot1.c.d", "http://127.0.0.1:8000"));
        Assert.NotEqual(first, Folder("bot2.a.b", "http://127.0.0.1:8000"));
        Assert.NotEqual(first, Folder("bot1.a.b", "http://127.0.0.1:8001"));
        Assert.DoesNotContain("bot1", first, StringComparison.Ordinal);
    }

    [Fact]
    public void TheDefaultsAreThePythonBots()
    {
        var settings = Read(Whole);
        Assert.Equal(TimeSpan.FromSeconds(2), settings.Chat.PollInterval);
        Assert.Equal(TimeSpan.FromSeconds(120), settings.Chat.PollTimeout);
        Assert.Equal(TimeSpan.FromSeconds(3), settings.Chat.Cooldown);
        Assert.Equal(1, settings.Chat.MaxConcurrent);
        Assert.Equal("UTC", settings.Chat.TimeZone.Id);
        Assert.Equal("https://discord.com/api/v10", settings.Discord.Api.AbsoluteUri);
        Assert.Equal("http://127.0.0.1:8000/", settings.Broker.AbsoluteUri);
    }
}
