namespace OpenClaw.Bot.Discord;

/// <summary>Something to wait for that can be put off, as often as one likes.</summary>
internal sealed class Alarm(TimeProvider clock) : IDisposable
{
    private TaskCompletionSource rung = new();
    private ITimer? timer;

    /// <summary>Completes when the time set last is over.</summary>
    public Task Rung => rung.Task;

    /// <param name="after">Null: never.</param>
    public void Set(TimeSpan? after)
    {
        timer?.Dispose();
        var mine = rung = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        timer = after is null ? null : clock.CreateTimer(_ => mine.TrySetResult(), null, after.Value, Timeout.InfiniteTimeSpan);
    }

    public void Dispose() => timer?.Dispose();
}
