using Orleans.Configuration;
using Orleans.Statistics;

namespace OpenClaw.Broker.Running;

/// <summary>Rests what Orleans does, several times a second, for a cluster of many silos. What it is and why one silo loses nothing: decision 13.</summary>
internal static class AloneInCluster
{
    private static readonly TimeSpan SoonestTick = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan TimeoutsEvery = TimeSpan.FromSeconds(5);

    /// <param name="isShown">Whether somebody may look at the silo's load.</param>
    public static void Use(ISiloBuilder silo, bool isShown)
    {
        AddClock(silo.Services, TimeProviderNames.Membership, SoonestTick, Timeout.InfiniteTimeSpan);
        AddClock(silo.Services, TimeProviderNames.Messaging, TimeSpan.Zero, TimeoutsEvery);
        silo.Configure<DeploymentLoadPublisherOptions>(static load => load.DeploymentLoadPublisherRefreshTime = TimeSpan.FromHours(1));
        silo.Configure<StatelessWorkerOptions>(static workers => workers.IdleWorkersInspectionPeriod = TimeSpan.FromMinutes(1));
        // What it would remember is where the grains of other silos are; room for a million is made, and walked through, at each start.
        silo.Configure<GrainDirectoryOptions>(static directory => directory.CachingStrategy = GrainDirectoryOptions.CachingStrategyType.None);
        if (!isShown) silo.Services.AddSingleton<IEnvironmentStatisticsProvider, NoStatistics>();
    }

    private static void AddClock(IServiceCollection services, string name, TimeSpan soonest, TimeSpan period) =>
        services.AddKeyedSingleton<TimeProvider>(name, (provider, _) =>
            new RestingClock(provider.GetRequiredKeyedService<TimeProvider>(TimeProviderNames.SystemTimers), soonest, period));

    /// <summary>Timers that repeat tick in a period of its own, or never; others not before <paramref name="soonest"/>.</summary>
    private sealed class RestingClock(TimeProvider clock, TimeSpan soonest, TimeSpan period) : TimeProvider
    {
        public override long TimestampFrequency => clock.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => clock.GetUtcNow();

        public override long GetTimestamp() => clock.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var (due, every) = Rest(dueTime, period);
            return new RestingTimer(this, clock.CreateTimer(callback, state, due, every));
        }

        private (TimeSpan Due, TimeSpan Every) Rest(TimeSpan dueTime, TimeSpan repeat)
        {
            if (dueTime == Timeout.InfiniteTimeSpan) return (dueTime, repeat);
            if (repeat != Timeout.InfiniteTimeSpan) return (period, period);
            return (dueTime < soonest ? soonest : dueTime, repeat);
        }

        private sealed class RestingTimer(RestingClock clock, ITimer timer) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                var (due, every) = clock.Rest(dueTime, period);
                return timer.Change(due, every);
            }

            public void Dispose() => timer.Dispose();

            public ValueTask DisposeAsync() => timer.DisposeAsync();
        }
    }

    private sealed class NoStatistics : IEnvironmentStatisticsProvider
    {
        public EnvironmentStatistics GetEnvironmentStatistics() => default;
    }
}
