namespace OpenClaw.Broker.Jobs;

internal static class HostStart
{
    /// <summary>Completes when the host has started: grains answer from then on.</summary>
    public static async Task StartedAsync(this IHostApplicationLifetime lifetime, CancellationToken stop)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var onStart = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stop);
    }
}
