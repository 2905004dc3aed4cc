using System.Security.Cryptography;
using System.Text;
using OpenClaw.Bot.Chat;
using OpenClaw.Bot.Discord;
using OpenClaw.Client;
using OpenClaw.Programs;

namespace OpenClaw.Bot;

/// <summary>Everything the bot is told by its environment.</summary>
internal sealed record BotSettings
{
    public required Uri Broker { get; init; }
    public required string BrokerToken { get; init; }
    public required ChatSettings Chat { get; init; }
    public required DiscordSettings Discord { get; init; }
    public required string StateFolder { get; init; }

    /// <exception cref="SettingsException">Something is missing or wrong.</exception>
    public static BotSettings Read(Settings settings)
    {
        var broker = BrokerAddress.Read(settings, "http://127.0.0.1:8000");
        var discord = DiscordSettings.Read(settings);
        var read = new BotSettings
        {
            Broker = broker,
            BrokerToken = settings.RequiredSecret(Variables.BotToken, "Use the broker's own BOT_TOKEN."),
            Chat = new ChatSettings
            {
                AllowedUsers = DiscordSettings.ReadUsers(settings),
                AllowedChannel = DiscordSettings.ReadChannel(settings),
                PollInterval = settings.Seconds(BotVariables.JobPollIntervalSec, 2, 0.05, 3600),
                PollTimeout = settings.Seconds(BotVariables.JobPollTimeoutSec, 120, 0, 86400 * 7),
                Cooldown = settings.Seconds(BotVariables.CooldownSeconds, 3, 0, 86400),
                MaxConcurrent = settings.WholeNumber(BotVariables.MaxConcurrent, 1, 1, 1000),
                ActsFor = settings.WholeNumber(BotVariables.ActsFor, 0, 0, 1) == 1,
                TimeZone = ReadTimeZone(settings),
                ApproveTime = TimeSpan.FromMinutes(settings.WholeNumber(BotVariables.ApproveMinutes, 60, 1, 10080)),
            },
            Discord = discord,
            StateFolder = settings.Text(BotVariables.StateDir) ?? DefaultStateFolder(discord, broker),
        };
        settings.Check();
        return read;
    }

    private static TimeZoneInfo ReadTimeZone(Settings settings)
    {
        var name = settings.Text(BotVariables.TimeZone, "UTC");
        // In other letters, or as Windows calls it, the broker would not know it.
        if (TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) && zone.Id == name) return zone;
        settings.Note($"{BotVariables.TimeZone} is '{name}', which is no time zone that this machine knows. "
            + "It takes an IANA name such as Europe/Berlin; where the machine knows none of them, install tzdata.");
        return TimeZoneInfo.Utc;
    }

    /// <summary>A folder for this bot at this broker, so that two bots on one machine don't share a memory.</summary>
    private static string DefaultStateFolder(DiscordSettings discord, Uri broker)
    {
        const string System = "/var/lib/openclaw-bot";
        var identity = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{discord.Api}\n{broker}\n{discord.BotName}")))[..12];
        if (Environment.IsPrivilegedProcess || Directory.Exists(System)) return Path.Combine(System, "state", identity);
        var own = Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } state
            ? state
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state");
        return Path.Combine(own, "openclaw-bot", identity);
    }
}
