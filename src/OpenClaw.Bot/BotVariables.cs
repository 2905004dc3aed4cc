namespace OpenClaw.Bot;

/// <summary>Names of the environment variables that the bot alone reads.</summary>
internal static class BotVariables
{
    public const string DiscordToken = "DISCORD_TOKEN";
    public const string DiscordApiUrl = "DISCORD_API_URL";
    public const string AllowedUserId = "ALLOWED_USER_ID";
    public const string AllowlistUserId = "ALLOWLIST_USER_ID";
    public const string AllowedChannelId = "ALLOWED_CHANNEL_ID";
    public const string JobPollIntervalSec = "JOB_POLL_INTERVAL_SEC";
    public const string JobPollTimeoutSec = "JOB_POLL_TIMEOUT_SEC";
    public const string CooldownSeconds = "BOT_COOLDOWN_SECONDS";
    public const string MaxConcurrent = "BOT_MAX_CONCURRENT";
    public const string ActsFor = "BOT_ACTS_FOR";
    public const string StateDir = "BOT_STATE_DIR";
    public const string ApproveMinutes = "BOT_APPROVE_MINUTES";
    public const string TimeZone = "TIME_ZONE";
}
