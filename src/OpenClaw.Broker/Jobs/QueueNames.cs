namespace OpenClaw.Broker.Jobs;

internal static class QueueNames
{
    public const string Default = "default";

    /// <summary>Stands for all of them: where it is paused, nothing is claimed at all. No job is in it.</summary>
    public const string Broker = "_broker";

    /// <summary>The jobs that tell news of others elsewhere. It is the broker's own: it counts in no limit, and lists show it only by its name.</summary>
    public const string Hooks = Access.Token.DeliverQueue;

    /// <summary>How many there may be.</summary>
    public const int Most = 1000;

    public const string Rule = "must be 1 to 64 of a-z 0-9 . _ - and not begin with an underscore";

    public const int MaxLength = 64;

    /// <summary>Whether a name is 1 to 64 of <c>a-z 0-9 . _ -</c>; those that begin with an underscore are the broker's own.</summary>
    public static bool IsValid(string name) =>
        name.Length is > 0 and <= MaxLength && name[0] != '_' && name.All(static c => c is >= 'a' and <= 'z' or >= '0' and <= '9' or '.' or '_' or '-');
}
