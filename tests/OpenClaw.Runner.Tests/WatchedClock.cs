using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;
using OpenClaw.Testing;

namespace OpenClaw.Runner.Tests;

/// <summary>A fake clock that tells which timers were set, so that a test advances it when there is something to wait for.</summary>
internal sealed class WatchedClock : FakeTimeProvider
{
    private readonly Channel<TimeSpan> timers = Channel.CreateUnbounded<TimeSpan>();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        timers.Writer.TryWrite(dueTime);
        return timer;
    }

    /// <summary>Waits until somebody sets a timer of that kind, and returns its time.</summary>
    public async Task<TimeSpan> TimerAsync(Predicate<TimeSpan> kind)
    {
        using var deadline = new CancellationTokenSource(Broken.After);
        await foreach (var timer in timers.Reader.ReadAllAsync(deadline.Token))
        {
            if (kind(timer)) return timer;
        }
        throw new InvalidOperationException("closed");
    }

    /// <summary>Waits until somebody sets a timer for that time, and lets the time pass.</summary>
    public async Task PassAsync(TimeSpan time)
    {
        await TimerAsync(t => t == time);
        Advance(time);
    }
}
