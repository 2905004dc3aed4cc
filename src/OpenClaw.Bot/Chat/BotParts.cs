using OpenClaw.Client;

namespace OpenClaw.Bot.Chat;

/// <summary>What every part of the chat works with.</summary>
/// <param name="Speaking">Cancelled when even what is being said has to end; later than the stop that ends all waiting.</param>
internal sealed record BotParts(IChatGateway Chat, BrokerClient Broker, BotState State, BotSettings Settings, TimeProvider Clock, Log Log, CancellationToken Speaking);
