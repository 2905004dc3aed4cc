namespace OpenClaw.Runner.Work;

/// <summary>Room for so many jobs at once.</summary>
internal sealed class Places(int count) : IDisposable
{
    private readonly SemaphoreSlim free = new(count, count);

    /// <summary>How many are free, once one is. Only <see cref="Run"/> takes them, so they stay free until then.</summary>
    public async Task<int> WaitForFreeAsync()
    {
        await free.WaitAsync();
        return free.Release() + 1;
    }

    /// <summary>Takes a free place for as long as the work lasts, which never throws.</summary>
    public void Run(Func<Task> work)
    {
        if (!free.Wait(0)) throw new InvalidOperationException("more jobs than places");
        _ = RunAsync(work);
    }

    /// <summary>Waits until every place is free, and takes them all.</summary>
    public async Task WaitForAllAsync()
    {
        for (var n = 0; n < count; n++) await free.WaitAsync();
    }

    public void Dispose() => free.Dispose();

    private async Task RunAsync(Func<Task> work)
    {
        await work();
        free.Release();
    }
}
