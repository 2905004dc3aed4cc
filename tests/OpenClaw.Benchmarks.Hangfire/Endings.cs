using System.Collections.Concurrent;
using Hangfire.States;

namespace OpenClaw.Benchmarks.Hangfire;

/// <summary>Who enqueued a job waits here until its success is committed, which may come before its id has reached who enqueued it.</summary>
internal sealed class Endings(IBackgroundJobStateChanger inner) : IBackgroundJobStateChanger
{
    private readonly ConcurrentDictionary<string, ManualResetEventSlim> endings = new();

    public IState ChangeState(StateChangeContext context)
    {
        var applied = inner.ChangeState(context);
        if (applied is SucceededState) Of(context.BackgroundJobId).Set();
        return applied;
    }

    public void Wait(string job)
    {
        using var ending = Of(job);
        ending.Wait();
        endings.TryRemove(job, out _);
    }

    private ManualResetEventSlim Of(string job) => endings.GetOrAdd(job, static _ => new ManualResetEventSlim(false, spinCount: 0));
}
