using OpenClaw.Client;
using OpenClaw.Programs;

namespace OpenClaw.Bot.Discord;

/// <summary>Where Discord is, and as whom the bot goes there.</summary>
internal sealed record DiscordSettings
{
    private const string HowToFindNumbers = "in Discord turn on developer mode, right-click";

    public required string Token { get; init; }
    public required Uri Api { get; init; }

    /// <summary>The part of the token that says which bot it is, and stays when the token is renewed.</summary>
    public string BotName => Token.Split('.')[0];

    /// <summary>What is missing or wrong is noted in the settings.</summary>
    public static DiscordSettings Read(Settings settings) => new() { Token = ReadToken(settings), Api = ReadApi(settings) };

    /// <summary>The users who may use the bot.</summary>
    public static IReadOnlySet<string> ReadUsers(Settings settings)
    {
        const StringSplitOptions Parts = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        var users = new[] { BotVariables.AllowedUserId, BotVariables.AllowlistUserId }
            .SelectMany(name => settings.Text(name, "").Split([',', ';', ' ', '\t', '\n', '\r'], Parts))
            .ToHashSet(StringComparer.Ordinal);
        foreach (var wrong in users.Where(u => !IsSnowflake(u)))
        {
            settings.Note($"{BotVariables.AllowedUserId} names '{wrong}'. It takes users' numbers: {HowToFindNumbers} the person, Copy User ID.");
        }
        if (users.Count == 0)
        {
            settings.Note($"{BotVariables.AllowedUserId} is not set, so nobody could use the bot. "
                + $"Set it, or {BotVariables.AllowlistUserId}, to the Discord user numbers that may.");
        }
        return users;
    }

    /// <summary>The one guild channel that the bot answers in; null: direct messages alone.</summary>
    public static string? ReadChannel(Settings settings)
    {
        var channel = settings.Text(BotVariables.AllowedChannelId);
        if (channel is not null && !IsSnowflake(channel))
        {
            settings.Note($"{BotVariables.AllowedChannelId} is '{channel}'. It takes the channel's number: {HowToFindNumbers} the channel, Copy Channel ID.");
        }
        return channel;
    }

    private static string ReadToken(Settings settings)
    {
        var token = settings.RequiredSecret(BotVariables.DiscordToken, "Copy it from the Bot page of your application in Discord's developer portal.");
        return token.StartsWith("Bot ", StringComparison.OrdinalIgnoreCase) ? token[4..].Trim() : token;
    }

    private static Uri ReadApi(Settings settings)
    {
        var api = settings.Url(BotVariables.DiscordApiUrl, "https://discord.com/api/v10");
        if (api.Scheme == Uri.UriSchemeHttp && !BrokerAddress.IsPrivate(api) && settings.Text(Variables.AllowPlainHttp) is not "1")
        {
            settings.Note($"{BotVariables.DiscordApiUrl} is '{api}': plain http would show the token to the networks on the way. "
                + $"Use https, or set {Variables.AllowPlainHttp}=1 if you trust them.");
        }
        return api;
    }

    private static bool IsSnowflake(string text) => text.Length <= 20 && ulong.TryParse(text, System.Globalization.NumberStyles.None, null, out _);
}
