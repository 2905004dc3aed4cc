using OpenClaw.Programs;

namespace OpenClaw.Client;

/// <summary>Who the client is: a bot's or a worker's token, and a worker's name and capabilities.</summary>
/// <exception cref="ArgumentException">A value has a character that no header can carry, such as a line end.</exception>
public sealed record BrokerCredentials
{
    public string? BotToken { get; init => field = Checked(value, "bot token"); }

    /// <summary>For whom the bot's token speaks, such as <c>discord:123</c>; for a token that may act for others.</summary>
    public string? ActingFor { get; init => field = Checked(value, "name of the person"); }

    public string? WorkerToken { get; init => field = Checked(value, "worker token"); }

    public string? WorkerId { get; init => field = Checked(value, "worker id"); }

    public IReadOnlyList<string> Caps { get; init => field = [.. value.Select(c => Checked(c, "capability")!)]; } = [];

    /// <summary>The commands that the worker takes; null for what no other worker has told that it serves.</summary>
    public IReadOnlyList<string>? Commands { get; init; }

    /// <summary>A secret is not repeated in the message.</summary>
    private static string? Checked(string? value, string what) => value is null || HeaderText.CanCarry(value)
        ? value
        : throw new ArgumentException(
            $"the {what} has a character that no HTTP header can carry. It takes visible ASCII characters: copy it again from where it was made.");
}
