using OpenClaw.Client;

namespace OpenClaw.Bot.Chat;

/// <summary>The broker, as each person may use it.</summary>
/// <param name="Shared">With the bot's own rights.</param>
/// <param name="ActsFor">The name of the chat where the bot's token says for whom it speaks; null where all have the bot's rights.</param>
internal sealed record Brokers(BrokerClient Shared, string? ActsFor)
{
    public BrokerClient Of(string user) => ActsFor is null ? Shared : Shared.For($"{ActsFor}:{user}");
}
