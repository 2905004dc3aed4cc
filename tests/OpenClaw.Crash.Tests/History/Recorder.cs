using System.Collections.Concurrent;
using System.Diagnostics;

namespace OpenClaw.Crash.Tests.History;

/// <summary>Where all clients of a run write what they do, on one clock.</summary>
public sealed class Recorder
{
    private readonly ConcurrentQueue<Event> events = new();
    private readonly long start = Stopwatch.GetTimestamp();
    private long calls;

    public IReadOnlyList<Event> Events => [.. events];

    public double Now => Stopwatch.GetElapsedTime(start).TotalMilliseconds;

    /// <summary>Writes an invocation down before it is sent.</summary>
    public Event Invoke(string process, Operation operation, string? job = null, int attempt = 0, string? key = null, string? value = null) =>
        Add(new Event(Now, process, Interlocked.Increment(ref calls), Phase.Invoke, operation) { Job = job, Attempt = attempt, Key = key, Value = value });

    /// <summary>Writes an invocation's end down after its answer was read.</summary>
    public void End(Event invoke, Phase phase, string? job = null, int attempt = 0, string? value = null) =>
        Add(invoke with { At = Now, Phase = phase, Job = job ?? invoke.Job, Attempt = attempt > 0 ? attempt : invoke.Attempt, Key = null, Value = value });

    /// <summary>Writes down what was done to the broker.</summary>
    public void Mark(Operation operation) => Add(new Event(Now, "broker", 0, Phase.Ok, operation));

    private Event Add(Event e)
    {
        events.Enqueue(e);
        return e;
    }
}
