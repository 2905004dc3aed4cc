using Orleans.Dashboard;

namespace OpenClaw.Broker.Board;

/// <summary>Lets the dashboard collect, which it does each second, only while somebody looks at it.</summary>
internal sealed class Onlookers : ISiloLifecycle, IDisposable
{
    private const int CountersEveryMs = 5000;
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(2);
    private readonly Lock gate = new();
    private readonly IReadOnlyList<ILifecycleParticipant<ISiloLifecycle>> collectors;
    private readonly ITimer timer;
    private bool collects;

    private Onlookers(IReadOnlyList<ILifecycleParticipant<ISiloLifecycle>> collectors, TimeProvider clock)
    {
        this.collectors = collectors;
        timer = clock.CreateTimer(static self => ((Onlookers)self!).Rest(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    int ISiloLifecycle.HighestCompletedStage => int.MaxValue;

    int ISiloLifecycle.LowestStoppedStage => int.MaxValue;

    /// <summary>Adds the dashboard to the silo, but for what it would start with it.</summary>
    public static void AddDashboard(ISiloBuilder silo)
    {
        var before = silo.Services.ToHashSet();
        silo.AddDashboard(static dashboard => dashboard.CounterUpdateIntervalMs = CountersEveryMs);
        var starts = silo.Services.Where(s => s.ServiceType == typeof(ILifecycleParticipant<ISiloLifecycle>) && !before.Contains(s)).ToList();
        foreach (var start in starts) silo.Services.Remove(start);
        silo.Services.AddSingleton(services => new Onlookers(
            [.. starts.Select(start => (ILifecycleParticipant<ISiloLifecycle>)start.ImplementationFactory!(services))],
            services.GetRequiredService<TimeProvider>()));
    }

    /// <summary>Somebody looks: the dashboard collects from now on until nobody has for a while.</summary>
    public void Look()
    {
        lock (gate)
        {
            timer.Change(Quiet, Timeout.InfiniteTimeSpan);
            if (collects) return;
            collects = true;
            foreach (var collector in collectors) collector.Participate(this);
        }
    }

    public void Dispose() => timer.Dispose();

    IDisposable ILifecycleObservable.Subscribe(string observerName, int stage, ILifecycleObserver observer)
    {
        observer.OnStart(CancellationToken.None).Ignore();
        return new Subscription();
    }

    private void Rest()
    {
        lock (gate)
        {
            collects = false;
            foreach (var collector in collectors.OfType<IDisposable>()) collector.Dispose();
        }
    }

    private sealed class Subscription : IDisposable
    {
        public void Dispose()
        {
        }
    }
}
