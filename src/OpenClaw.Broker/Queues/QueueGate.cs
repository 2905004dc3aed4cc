using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Queues;

/// <summary>Of what a limit counts the jobs.</summary>
internal enum LimitBy
{
    Queue,
    Command,
    Requester,
}

internal static class LimitByNames
{
    public const string All = "queue, command or requester";

    public static string Name(this LimitBy by) => by switch
    {
        LimitBy.Command => "command",
        LimitBy.Requester => "requester",
        _ => "queue",
    };

    public static LimitBy? Parse(string? name) => name switch
    {
        "queue" => LimitBy.Queue,
        "command" => LimitBy.Command,
        "requester" => LimitBy.Requester,
        _ => null,
    };
}

/// <summary>How many jobs may run at once, and how many may start within a time; null where that is not limited.</summary>
/// <param name="Value">The command or the requester; null for each of them by itself.</param>
[GenerateSerializer, Immutable, Alias("OpenClaw.QueueLimit")]
internal sealed record QueueLimit(
    [property: Id(0)] LimitBy By, [property: Id(1)] string? Value, [property: Id(2)] int? MaxRunning, [property: Id(3)] int? Starts,
    [property: Id(4)] long PerMs);

/// <summary>Keeps what shares a limit within it.</summary>
internal sealed class QueueGate
{
    private readonly Queue<SteadyTime> starts = [];

    public QueueLimit? Limit { get; private set; }

    /// <summary>When the rate lets another job start; null where it does now, or where it is not the rate that forbids it.</summary>
    public SteadyTime? OpensAt { get; private set; }

    /// <summary>A job has started.</summary>
    public void Start(SteadyTime at)
    {
        if (Limit?.Starts is not null) starts.Enqueue(at);
    }

    /// <summary>Another limit counts from now on, or none; what has started is to be told again.</summary>
    public void Take(QueueLimit? limit)
    {
        (Limit, OpensAt) = (limit, null);
        starts.Clear();
    }

    /// <summary>Whether no other job may start now.</summary>
    /// <param name="running">Those set aside among them, which are about to start.</param>
    public bool IsClosed(int running, int setAside, SteadyTime now)
    {
        OpensAt = null; // a moment that has passed would set the queue's timer for ever
        return Limit is not null && (running >= Limit.MaxRunning || IsAhead(setAside, now));
    }

    public bool HasStarts(SteadyTime now)
    {
        while (starts.TryPeek(out var first) && first + Limit!.PerMs <= now) starts.Dequeue();
        return starts.Count > 0;
    }

    private bool IsAhead(int setAside, SteadyTime now)
    {
        if (Limit is not { Starts: { } most, PerMs: var per }) return false;
        HasStarts(now);
        if (starts.Count + setAside < most) return false;
        if (starts.TryPeek(out var oldest)) OpensAt = oldest + per;
        return true;
    }
}
