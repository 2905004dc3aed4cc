namespace OpenClaw.Runner.Work;

/// <summary>The loops that the runner lives by. None may die while the process lives on: the first that throws ends it.</summary>
internal sealed class Loops
{
    private readonly TaskCompletionSource failed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Fails with a <see cref="LoopException"/> as soon as a loop has thrown.</summary>
    public Task Failed => failed.Task;

    /// <summary>Runs a loop to its end. What it throws is thrown by <see cref="Failed"/>, not here.</summary>
    /// <param name="name">What the log calls it.</param>
    public async Task RunAsync(string name, Func<Task> loop)
    {
        try
        {
            await loop();
        }
        catch (Exception e)
        {
            failed.TrySetException(new LoopException(name, e));
        }
    }
}

/// <summary>A loop of the runner has thrown.</summary>
internal sealed class LoopException(string loop, Exception cause) : Exception($"{loop}: {cause.Message}", cause)
{
    public string Loop { get; } = loop;

    public Exception Cause { get; } = cause;
}
