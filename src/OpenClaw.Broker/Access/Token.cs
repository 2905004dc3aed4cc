using System.IO.Enumeration;

namespace OpenClaw.Broker.Access;

/// <summary>What is known of a token; of its text only the hash. Times are milliseconds since 1970, on the wall clock.</summary>
internal sealed record Token
{
    public const string BotName = "bot";
    public const string WorkerName = "worker";
    public const string AdminName = "admin";

    /// <summary>Of the token, and the worker, that delivers webhooks.</summary>
    public const string DeliverName = "deliver";

    /// <summary>The only queue from which that one claims, and nobody else does.</summary>
    public const string DeliverQueue = "_hooks";

    public required string Name { get; init; }

    /// <summary>SHA-256 of its text.</summary>
    public required byte[] Hash { get; init; }

    public required Role Role { get; init; }

    /// <summary>Whom it stands for.</summary>
    public string? Person { get; init; }

    /// <summary>Whether it may say for whom it speaks.</summary>
    public bool ActsFor { get; init; }

    /// <summary>Patterns of the commands it may ask for; null for all.</summary>
    public IReadOnlyList<string>? Commands { get; init; }

    /// <summary>How many jobs it may create in a minute.</summary>
    public int? PerMinute { get; init; }

    /// <summary>How many unfinished jobs it may have.</summary>
    public int? MaxQueued { get; init; }

    /// <summary>A pattern of the worker ids it may speak for; null for all.</summary>
    public string? WorkerPattern { get; init; }

    /// <summary>The queues it may claim from; null for all.</summary>
    public IReadOnlyList<string>? Queues { get; init; }

    /// <summary>The capabilities it may claim with; null for all.</summary>
    public IReadOnlyList<string>? Caps { get; init; }

    public long CreatedAt { get; init; }
    public string CreatedBy { get; init; } = "";
    public long? ExpiresAt { get; init; }
    public long? UsedAt { get; init; }

    /// <summary>Whether it stands in the broker's configuration, which alone changes it.</summary>
    public bool IsConfigured { get; init; }

    public bool MayAskFor(string command) => Commands is null || Commands.Any(p => Matches(p, command));

    public bool MaySpeakFor(string worker) => WorkerPattern is null || Matches(WorkerPattern, worker);

    /// <summary><c>*</c> in a pattern stands for any characters, <c>?</c> for one.</summary>
    private static bool Matches(string pattern, string name) => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);
}
