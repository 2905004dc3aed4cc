namespace OpenClaw.Bot.Discord;

/// <summary>As whom the bot enters the gateway, and which events it asks for.</summary>
internal sealed record GatewayIdentity(string Token, int Intents, string UserAgent)
{
    private const int DirectMessages = 1 << 12;
    private const int GuildMessages = 1 << 9;
    private const int MessageContent = 1 << 15;

    /// <param name="channel">The guild channel it also answers in, or null; what people write there is privileged content.</param>
    public static GatewayIdentity For(string token, string? channel) =>
        new(token, DirectMessages | (channel is null ? 0 : GuildMessages | MessageContent), DiscordRest.UserAgent);
}
