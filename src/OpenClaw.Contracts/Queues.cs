using System.Text.Json.Serialization;

namespace OpenClaw.Contracts;

/// <summary>The body of <c>POST /queues/{name}/pause</c> and <c>/drain</c>, and of <c>POST /drain</c>.</summary>
/// <param name="Seconds">After which it ends by itself; null where somebody has to end it.</param>
public sealed record PauseBody(string? Reason, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Seconds = null);

/// <summary>The answer of pauses, drains and resumes.</summary>
public sealed record PauseAnswer(bool Ok, bool Paused)
{
    /// <summary>The queue; null of the whole broker.</summary>
    public string? Name { get; init; }

    public long? Until { get; init; }
}

/// <summary>The answer of <c>GET /queues</c>.</summary>
/// <param name="Drain">Of the whole broker.</param>
public sealed record QueuePage(IReadOnlyList<QueueView> Queues, string? Next, PauseView? Drain);

/// <summary>One queue.</summary>
public sealed record QueueView(string Name, long Ready, long Scheduled, long Held, long Running, long? OldestReadySeconds, PauseView? Paused);

/// <summary>Who paused a queue, and why.</summary>
public sealed record PauseView(string By, string? Reason, long Since, long? Until, bool Drain);

/// <summary>The answer of <c>GET /workers</c>.</summary>
public sealed record WorkerPage(IReadOnlyList<WorkerView> Workers, string? Next);

/// <summary>One worker.</summary>
/// <param name="SeenAt">When it last asked for a job; null where it has not since the broker's start.</param>
/// <param name="Running">The ids of the jobs that it runs.</param>
public sealed record WorkerView(string Id, long? SeenAt, IReadOnlyList<string> Caps, IReadOnlyList<string> Queues, IReadOnlyList<string> Running);
