using Microsoft.Extensions.Time.Testing;
using OpenClaw.Testing;

namespace OpenClaw.Bot.Tests;

/// <summary>A clock that stands still until a test moves it, and tells the test who waits for how long.</summary>
internal sealed class TestClock() : FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero))
{
    private readonly Lock gate = new();
    private readonly List<Timer> timers = [];
    private readonly List<(Func<TimeSpan, bool> Wanted, TaskCompletionSource<TimeSpan> Found)> waiters = [];

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Waits until something waits for a time such as this.</summary>
    public async Task<TimeSpan> WaitForTimerAsync(double fromSeconds, double toSeconds)
    {
        bool Wanted(TimeSpan due) => due.TotalSeconds >= fromSeconds && due.TotalSeconds <= toSeconds;
        var found = new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            foreach (var due in timers.Select(t => t.Due - GetUtcNow()).OfType<TimeSpan>().Where(Wanted)) found.TrySetResult(due);
            waiters.Add((Wanted, found));
        }
        try
        {
            return await found.Task.WaitAsync(Broken.After);
        }
        catch (TimeoutException)
        {
            lock (gate)
            {
                var waits = string.Join(", ", timers.Select(t => t.Due - GetUtcNow()));
                throw new TimeoutException($"nobody waits {fromSeconds} to {toSeconds} s; waited for is {waits}");
            }
        }
        finally
        {
            lock (gate) waiters.RemoveAll(w => w.Found == found);
        }
    }

    /// <summary>Waits for such a wait, and lets its time pass.</summary>
    public async Task<TimeSpan> PassAsync(double fromSeconds, double toSeconds)
    {
        var due = await WaitForTimerAsync(fromSeconds, toSeconds);
        Advance(due);
        return due;
    }

    /// <summary>The waits of right now, in seconds.</summary>
    public IReadOnlyList<double> Waits
    {
        get
        {
            lock (gate) return [.. timers.Select(t => t.Due - GetUtcNow()).OfType<TimeSpan>().Select(t => t.TotalSeconds)];
        }
    }

    private sealed class Timer(TestClock clock, ITimer inner) : ITimer
    {
        public DateTimeOffset? Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var asked = Note(dueTime);
            var changed = inner.Change(dueTime, period);
            // A clock that was moved in between has the timer wait from then on.
            if (Due is not null && clock.GetUtcNow() != asked) Note(dueTime);
            lock (clock.gate)
            {
                foreach (var (wanted, found) in clock.waiters)
                {
                    if (Due is not null && wanted(dueTime)) found.TrySetResult(dueTime);
                }
            }
            return changed;
        }

        /// <returns>The time from which it waits.</returns>
        private DateTimeOffset Note(TimeSpan dueTime)
        {
            lock (clock.gate)
            {
                var now = clock.GetUtcNow();
                clock.timers.Remove(this);
                Due = dueTime == Timeout.InfiniteTimeSpan ? null : now + dueTime;
                clock.timers.RemoveAll(t => t.Due <= now);
                if (Due is not null) clock.timers.Add(this);
                return now;
            }
        }

        public void Dispose()
        {
            lock (clock.gate) clock.timers.Remove(this);
            inner.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
