using Orleans.Configuration;
using Orleans.Statistics;

namespace OpenClaw.Broker.Running;

/// <summary>Rests what Orleans does, several times a second, for a cluster of many silos. What it is and why one silo loses nothing: decision 13.</summary>
internal static class AloneInCluster
{
    /// <param name="isShown">Whether somebody may look at the silo's load.</param>
    public static void Use(ISiloBuilder silo, bool isShown)
    {
        silo.Services.AddKeyedSingleton<TimeProvider, MembershipClock>(TimeProviderNames.Membership);
        silo.Configure<DeploymentLoadPublisherOptions>(static load => load.DeploymentLoadPublisherRefreshTime = TimeSpan.FromHours(1));
        silo.Configure<StatelessWorkerOptions>(static workers => workers.IdleWorkersInspectionPeriod = TimeSpan.FromMinutes(1));
        if (!isShown) silo.Services.AddSingleton<IEnvironmentStatisticsProvider, NoStatistics>();
    }

    /// <summary>Timers that repeat never fire, others not before <see cref="Soonest"/>.</summary>
    private sealed class MembershipClock(TimeProvider clock) : TimeProvider
    {
        private static readonly TimeSpan Soonest = TimeSpan.FromSeconds(10);

        public override long TimestampFrequency => clock.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => clock.GetUtcNow();

        public override long GetTimestamp() => clock.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new Timer(clock.CreateTimer(callback, state, Rest(dueTime, period), Timeout.InfiniteTimeSpan));

        private static TimeSpan Rest(TimeSpan dueTime, TimeSpan period)
        {
            if (period != Timeout.InfiniteTimeSpan || dueTime == Timeout.InfiniteTimeSpan) return Timeout.InfiniteTimeSpan;
            return dueTime < Soonest ? Soonest : dueTime;
        }

        private sealed class Timer(ITimer timer) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(Rest(dueTime, period), Timeout.InfiniteTimeSpan);

            public void Dispose() => timer.Dispose();

            public ValueTask DisposeAsync() => timer.DisposeAsync();
        }
    }

    private sealed class NoStatistics : IEnvironmentStatisticsProvider
    {
        public EnvironmentStatistics GetEnvironmentStatistics() => default;
    }
}
