using OpenClaw.Programs;

namespace OpenClaw.Broker.Running;

/// <summary>
/// Tells the service manager when the broker is ready, how it is, and that it ends. Its watchdog hears of a broker whose disk
/// answers, if only that it is full or locked, which no restart mends; a broker that hangs is started again.
/// </summary>
internal sealed class ServiceReport(Health health, Listeners listeners, TimeProvider clock, IHostApplicationLifetime lifetime, ServiceManager manager)
    : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!manager.Listens) return;
        lifetime.ApplicationStopping.Register(manager.Stopping);
        await StartedAsync();
        string? said = null;
        using var timer = new PeriodicTimer(manager.WatchdogPeriod / 3 ?? Every, clock);
        do
        {
            var checks = await health.CheckAsync();
            var status = checks.Ok ? $"listening on {string.Join(", ", listeners.Addresses.Select(static a => $"http://{a}"))}" : checks.ToString();
            if (said is null) manager.Ready(status);
            else if (status != said) manager.Status(status);
            said = status;
            if (checks.Answers) manager.Ping();
        }
        while (await timer.WaitForNextTickAsync(lifetime.ApplicationStopping));
    }

    private Task StartedAsync()
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lifetime.ApplicationStarted.Register(() => started.TrySetResult());
        lifetime.ApplicationStopping.Register(() => started.TrySetCanceled());
        return started.Task;
    }
}
