using OpenClaw.Programs;

namespace OpenClaw.Bot.Chat;

/// <summary>Who may use the bot, where and how much, and how it follows jobs.</summary>
internal sealed record ChatSettings
{
    private static readonly TimeSpan SlowestRetry = TimeSpan.FromSeconds(15);

    public required IReadOnlySet<string> AllowedUsers { get; init; }

    /// <summary>The one channel the bot also answers in; null: direct messages alone.</summary>
    public string? AllowedChannel { get; init; }

    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(2);
    public TimeSpan PollTimeout { get; init; } = TimeSpan.FromSeconds(120);
    public TimeSpan Cooldown { get; init; } = TimeSpan.FromSeconds(3);
    public int MaxConcurrent { get; init; } = 1;

    /// <summary>How long a plan may be approved.</summary>
    public TimeSpan ApproveTime { get; init; } = TimeSpan.FromMinutes(60);

    /// <summary>In which times of day are read and shown.</summary>
    public TimeZoneInfo TimeZone { get; init; } = TimeZoneInfo.Utc;

    /// <summary>Whether the bot's token says for whom it speaks, so that each person has their own rights at the broker.</summary>
    public bool ActsFor { get; init; }

    /// <summary>Pauses between tries to reach the broker.</summary>
    /// <param name="chance">Gives numbers from 0 up to 1.</param>
    public Backoff NewBackoff(Func<double> chance) => new(PollInterval, SlowestRetry, chance);
}
