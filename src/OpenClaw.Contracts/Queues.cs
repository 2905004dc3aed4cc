using System.Text.Json;
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
public sealed record QueueView(string Name, long Ready, long Scheduled, long Held, long Running, long? OldestReadySeconds, PauseView? Paused,
    IReadOnlyList<LimitView>? Limits = null, long Version = 0);

/// <summary>How many jobs may run at once, and how many may start within a time.</summary>
/// <param name="By"><c>queue</c>, <c>command</c> or <c>requester</c>.</param>
/// <param name="Value">The command or the requester; null where each counts by itself.</param>
public sealed record LimitView(string By, string? Value, int? MaxRunning, int? Starts, double? PerSeconds);

/// <summary>The body of <c>PATCH /queues/{name}</c>.</summary>
/// <param name="Limits">All that hold from now on.</param>
public sealed record LimitsBody(IReadOnlyList<LimitView> Limits);

/// <summary>The answer of <c>PATCH /queues/{name}</c>.</summary>
public sealed record LimitsAnswer(bool Ok, string Name, IReadOnlyList<LimitView> Limits);

/// <summary>Who paused a queue, and why.</summary>
public sealed record PauseView(string By, string? Reason, long Since, long? Until, bool Drain);

/// <summary>The answer of <c>GET /workers</c>.</summary>
public sealed record WorkerPage(IReadOnlyList<WorkerView> Workers, string? Next);

/// <summary>One worker.</summary>
/// <param name="SeenAt">When it last asked for a job; null where it has not since the broker's start.</param>
/// <param name="Running">The ids of the jobs that it runs.</param>
/// <param name="Version">Of its program; null where it has not said.</param>
/// <param name="Commands">What it says it serves.</param>
/// <param name="Draining">Why it gets no more jobs.</param>
/// <param name="LostLeases">How often it went silent over a job that is still kept.</param>
/// <param name="ClockOffsetSeconds">How far its clock is ahead of the broker's; null where it has not said.</param>
public sealed record WorkerView(string Id, long? SeenAt, IReadOnlyList<string> Caps, IReadOnlyList<string> Queues, IReadOnlyList<string> Running,
    string? Version, IReadOnlyList<string> Commands, WorkerDrainView? Draining, long LostLeases = 0, long? ClockOffsetSeconds = null);

/// <summary>Why a worker gets no more jobs.</summary>
public sealed record WorkerDrainView(string By, string? Reason, long Since);

/// <summary>The answer of <c>POST /workers/{id}/drain</c> and <c>/resume</c>.</summary>
public sealed record DrainedWorker(bool Ok, string Id, bool Draining);

/// <summary>The body of <c>PUT /workers/me</c>.</summary>
public sealed record WorkerBody(string? Version, IReadOnlyList<ServedCommand> Commands);

/// <summary>The answer of <c>PUT /workers/me</c>.</summary>
public sealed record ToldWorker(bool Ok, string Id);

/// <summary>A command that a worker serves.</summary>
/// <param name="Schema">What its payload has to be, as a JSON schema.</param>
/// <param name="Approval">Whether it runs only what a person has said yes to.</param>
/// <param name="Definition">A hash of what it runs: another one is another command.</param>
public sealed record ServedCommand(
    string Name, string? Description = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? Schema = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Approval = false,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Definition = null);

/// <summary>The answer of <c>GET /workers/me/control</c>.</summary>
/// <param name="Seq">To be sent back as <c>after</c>.</param>
/// <param name="Cancel">The jobs that the worker runs and is to stop.</param>
/// <param name="Drain">Whether it gets no more jobs.</param>
public sealed record WorkerOrders(long Seq, IReadOnlyList<string> Cancel, bool Drain);

/// <summary>The answer of <c>GET /commands</c>.</summary>
public sealed record CommandPage(IReadOnlyList<CommandView> Commands, string? Next);

/// <summary>Something that can be asked for now.</summary>
/// <param name="Schema">What its payload has to be, as a JSON schema.</param>
public sealed record CommandView(string Name, string? Description, bool Approval, IReadOnlyList<string> Workers, JsonElement? Schema = null);
