using System.Security.Cryptography;
using System.Text;
using OpenClaw.Programs;

namespace OpenClaw.Bot;

/// <summary>Everything the bot is told by its environment.</summary>
internal sealed record BotSettings
{
    public required string DiscordToken { get; init; }
    public required Uri DiscordApi { get; init; }
    public required Uri Broker { get; init; }
    public required string BrokerToken { get; init; }
    public required IReadOnlySet<string> AllowedUsers { get; init; }

    /// <summary>The one guild channel the bot also answers in; null: direct messages alone.</summary>
    public string? AllowedChannel { get; init; }

    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(2);
    public TimeSpan PollTimeout { get; init; } = TimeSpan.FromSeconds(120);
    public TimeSpan Cooldown { get; init; } = TimeSpan.FromSeconds(3);
    public int MaxConcurrent { get; init; } = 1;

    /// <summary>How long a plan may be approved.</summary>
    public TimeSpan ApproveTime { get; init; } = TimeSpan.FromMinutes(60);

    public required string StateFolder { get; init; }

    /// <exception cref="SettingsException">Something is missing or wrong.</exception>
    public static BotSettings Read(Settings settings)
    {
        var read = new BotSettings
        {
            DiscordToken = Token(settings.RequiredSecret(BotVariables.DiscordToken, "Copy it from the Bot page of your application in Discord's developer portal.")),
            DiscordApi = settings.Url(BotVariables.DiscordApiUrl, "https://discord.com/api/v10"),
            Broker = settings.Url(Variables.BrokerUrl, "http://127.0.0.1:8000"),
            BrokerToken = settings.RequiredSecret(Variables.BotToken, "Use the broker's own BOT_TOKEN."),
            AllowedUsers = Users(settings),
            AllowedChannel = settings.Text(BotVariables.AllowedChannelId),
            PollInterval = settings.Seconds(BotVariables.JobPollIntervalSec, 2, 0.05, 3600),
            PollTimeout = settings.Seconds(BotVariables.JobPollTimeoutSec, 120, 0, 86400 * 7),
            Cooldown = settings.Seconds(BotVariables.CooldownSeconds, 3, 0, 86400),
            MaxConcurrent = settings.WholeNumber(BotVariables.MaxConcurrent, 1, 1, 1000),
            ApproveTime = TimeSpan.FromMinutes(settings.WholeNumber(BotVariables.ApproveMinutes, 60, 1, 10080)),
            StateFolder = settings.Text(BotVariables.StateDir, ""),
        };
        if (read.StateFolder.Length == 0) read = read with { StateFolder = DefaultStateFolder(read) };
        if (read.AllowedChannel is { } channel && !IsSnowflake(channel))
        {
            settings.Note($"{BotVariables.AllowedChannelId} is '{channel}'. It takes the channel's number: in Discord turn on developer mode, right-click the channel, Copy Channel ID.");
        }
        settings.Check();
        return read;
    }

    /// <summary>A folder for this bot at this broker, so that two bots on one machine don't share a memory.</summary>
    private static string DefaultStateFolder(BotSettings read)
    {
        const string System = "/var/lib/openclaw-bot";
        var bot = read.DiscordToken.Split('.')[0]; // the bot's id; the rest changes when the token does
        var identity = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{read.DiscordApi}\n{read.Broker}\n{bot}")))[..12];
        if (Environment.IsPrivilegedProcess || Directory.Exists(System)) return Path.Combine(System, "state", identity);
        var own = Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } state
            ? state
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state");
        return Path.Combine(own, "openclaw-bot", identity);
    }

    private static string Token(string token) => token.StartsWith("Bot ", StringComparison.OrdinalIgnoreCase) ? token[4..].Trim() : token;

    private static HashSet<string> Users(Settings settings)
    {
        var users = new[] { BotVariables.AllowedUserId, BotVariables.AllowlistUserId }
            .SelectMany(name => settings.Text(name, "").Split([',', ';', ' ', '\t', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            .ToHashSet(StringComparer.Ordinal);
        foreach (var wrong in users.Where(u => !IsSnowflake(u)))
        {
            settings.Note($"{BotVariables.AllowedUserId} names '{wrong}'. It takes users' numbers: in Discord turn on developer mode, right-click the person, Copy User ID.");
        }
        if (users.Count == 0)
        {
            settings.Note($"{BotVariables.AllowedUserId} is not set, so nobody could use the bot. Set it, or {BotVariables.AllowlistUserId}, to the Discord user numbers that may.");
        }
        return users;
    }

    private static bool IsSnowflake(string text) => text.Length <= 20 && ulong.TryParse(text, System.Globalization.NumberStyles.None, null, out _);
}
