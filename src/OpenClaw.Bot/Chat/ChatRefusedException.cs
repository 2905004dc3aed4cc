namespace OpenClaw.Bot.Chat;

/// <summary>The chat doesn't want this bot, and trying again won't help. The message says what is wrong and how to fix it.</summary>
internal sealed class ChatRefusedException(string message) : Exception(message);
