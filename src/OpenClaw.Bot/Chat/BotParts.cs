using OpenClaw.Client;
using OpenClaw.Programs;

namespace OpenClaw.Bot.Chat;

/// <summary>What every part of the chat works with.</summary>
/// <param name="Speaking">Cancelled when even what is being said has to end; later than the stop that ends all waiting.</param>
/// <param name="Chance">Gives numbers from 0 up to 1.</param>
internal sealed record BotParts(
    IChatGateway Chat, BrokerClient Broker, BotState State, BotSettings Settings, TimeProvider Clock, Func<double> Chance, ProgramLog Log, CancellationToken Speaking)
{
    /// <summary>Pauses between tries to reach the broker.</summary>
    public Backoff NewBackoff() => new(Settings.PollInterval, TimeSpan.FromSeconds(15), Chance);
}
