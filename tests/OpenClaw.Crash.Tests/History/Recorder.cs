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
    public Event Invoke(string process, Operation operation, Func<Event, Event> send) =>
        Add(send(new Event(Now, process, Interlocked.Increment(ref calls), Phase.Invoke, operation)));

    /// <summary>Writes an invocation's end down after its answer was read.</summary>
    public void End(Event invoke, Phase phase, Said said = default) => Add(invoke with
    {
        At = Now,
        Phase = phase,
        Job = said.Job ?? invoke.Job,
        Attempt = said.Attempt ?? invoke.Attempt,
        Round = said.Round ?? invoke.Round,
        Terms = new JobTerms(),
        Key = null,
        Value = said.Value,
    });

    /// <summary>Writes down what was done to the broker.</summary>
    public void Mark(Operation operation) => Add(new Event(Now, "broker", 0, Phase.Ok, operation));

    private Event Add(Event e)
    {
        events.Enqueue(e);
        return e;
    }
}

/// <summary>What an answer says; null where it says nothing of that.</summary>
public readonly record struct Said(string? Value = null, string? Job = null, int? Attempt = null, int? Round = null);
