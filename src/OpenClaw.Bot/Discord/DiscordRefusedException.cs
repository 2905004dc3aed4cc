namespace OpenClaw.Bot.Discord;

/// <summary>Discord doesn't want this bot: token, intents or version. The message says what is wrong and how to mend it.</summary>
internal sealed class DiscordRefusedException(string message) : Exception(message);
