using OpenClaw.Bot.Tests.Fake;
using OpenClaw.Programs;
using OpenClaw.Testing;

namespace OpenClaw.Bot.Tests;

/// <summary>A bot that can't go on ends and says why; it never stays online and answers nobody.</summary>
public sealed class EndingTests
{
    /// <summary>What stops root, too: rights don't.</summary>
    [Theory]
    [InlineData("its folder is gone")]
    [InlineData("a file stands where its folder was")]
    [InlineData("a folder stands where its file was")]
    public async Task AStateThatCanNoLongerBeWrittenEndsItWith74AndALine(string why)
    {
        using var folder = new TempFolder();
        await using var discord = await FakeDiscord.StartAsync(TimeProvider.System);
        discord.Rest.Spoil("PUT", "/commands", new Fault(400));
        await using var bot = ProgramProcess.Start(Repository.Program("OpenClaw.Bot", "openclaw-bot"), new Dictionary<string, string>
        {
            [BotVariables.DiscordToken] = FakeDiscord.Token,
            [BotVariables.DiscordApiUrl] = discord.Api.AbsoluteUri,
            [Variables.BotToken] = "secret-bot-token",
            [BotVariables.AllowedUserId] = BotUnderTest.Alice,
            [BotVariables.StateDir] = folder.File("state"),
        });
        await discord.Gateway.ReadyAsync();
        await bot.WaitForLineAsync("slash commands could not be registered");
        if (why.StartsWith("a folder", StringComparison.Ordinal))
        {
            File.Delete(folder.File("state/bot.json"));
            Directory.CreateDirectory(folder.File("state/bot.json/full"));
        }
        else
        {
            Directory.Delete(folder.File("state"), recursive: true);
            if (why.StartsWith("a file", StringComparison.Ordinal)) await File.WriteAllTextAsync(folder.File("state"), "");
        }
        await new FakePerson(discord, BotUnderTest.Alice).SayAsync("help");
        Assert.Equal(ExitCodes.Io, await bot.WaitForExitAsync());
        Assert.Contains(" error BOT_STATE_DIR: '", bot.Output, StringComparison.Ordinal);
        Assert.Empty(discord.Rest.Channels.Messages);
    }

    [Fact]
    public async Task AnErrorNobodyExpectedWhileAJobIsFollowedEndsIt()
    {
        await using var bot = await BotUnderTest.StartAsync();
        bot.Chance = () => throw new NotSupportedException("the dice are gone");
        await bot.Person().SayAsync("ping hello");
        Assert.Equal(ExitCodes.Internal, await bot.EndedAsync());
        Assert.Contains("the dice are gone", bot.Log.ToString(), StringComparison.Ordinal);
        Assert.Contains("JobCreator", bot.Log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnErrorNobodyExpectedInTheGatewayEndsIt()
    {
        await using var bot = await BotUnderTest.StartAsync();
        bot.Chance = () => throw new NotSupportedException("the dice are gone");
        bot.Discord.Gateway.Live!.Cut();
        Assert.Equal(ExitCodes.Internal, await bot.EndedAsync());
        Assert.Contains("GatewayConnection", bot.Log.ToString(), StringComparison.Ordinal);
    }

    /// <summary>With what people asked for in it.</summary>
    [Fact]
    public async Task WhatAKillLeftOfAWriteIsDeleted()
    {
        await using var bot = await BotUnderTest.StartAsync(prepare: static b =>
        {
            Directory.CreateDirectory(b.Settings.StateFolder);
            File.WriteAllText(Path.Combine(b.Settings.StateFolder, "bot.json.1.tmp"), "half a");
        });
        Assert.False(File.Exists(Path.Combine(bot.Settings.StateFolder, "bot.json.1.tmp"))); // others it may just be writing
    }
}
