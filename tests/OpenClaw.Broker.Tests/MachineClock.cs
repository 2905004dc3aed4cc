using Microsoft.Extensions.Time.Testing;

namespace OpenClaw.Broker.Tests;

/// <summary>A machine whose wall clock can be set while its monotonic one goes on evenly, and which can sleep.</summary>
internal sealed class MachineClock(DateTimeOffset start) : FakeTimeProvider(start)
{
    private readonly List<Beat> missed = [];
    private TimeSpan shift;
    private bool sleeps;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + shift;

    public override long GetTimestamp() => base.GetUtcNow().Ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var beat = new Beat(this, callback, state);
        beat.Start(base.CreateTimer(static b => ((Beat)b!).Fire(), beat, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan), dueTime, period);
        return beat;
    }

    /// <summary>Sets the wall clock, back or forward; no time passes.</summary>
    public void SetWall(TimeSpan by) => shift += by;

    /// <summary>Lets time pass as over a machine that sleeps: what is due comes once, however often it would have come.</summary>
    public void Sleep(TimeSpan time)
    {
        lock (missed) sleeps = true;
        Advance(time);
        Beat[] again;
        lock (missed)
        {
            sleeps = false;
            again = [.. missed];
            missed.Clear();
        }
        foreach (var beat in again) beat.GoOn();
    }

    private bool Miss(Beat beat)
    {
        lock (missed)
        {
            if (sleeps) missed.Add(beat);
            return sleeps;
        }
    }

    /// <summary>A timer that sets itself anew for each of its periods.</summary>
    private sealed class Beat(MachineClock clock, TimerCallback callback, object? state) : ITimer
    {
        private ITimer once = null!;
        private TimeSpan period;
        private long due;

        public void Start(ITimer timer, TimeSpan dueTime, TimeSpan every)
        {
            once = timer;
            Change(dueTime, every);
        }

        public bool Change(TimeSpan dueTime, TimeSpan every)
        {
            period = every;
            due = clock.GetTimestamp() + Math.Max(0, dueTime.Ticks);
            return once.Change(dueTime, Timeout.InfiniteTimeSpan);
        }

        public void Fire()
        {
            if (period > TimeSpan.Zero && !clock.Miss(this)) GoOn();
            callback(state);
        }

        /// <summary>With the next beat of its old rhythm.</summary>
        public void GoOn()
        {
            if (period <= TimeSpan.Zero) return;
            var late = clock.GetTimestamp() - due;
            var left = TimeSpan.FromTicks(period.Ticks - late % period.Ticks);
            due = clock.GetTimestamp() + left.Ticks;
            once.Change(left, Timeout.InfiniteTimeSpan);
        }

        public void Dispose() => once.Dispose();

        public ValueTask DisposeAsync() => once.DisposeAsync();
    }
}
