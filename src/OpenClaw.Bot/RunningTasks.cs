using System.Collections.Concurrent;

namespace OpenClaw.Bot;

/// <summary>Work that goes on beside the loops. Whatever fails in it fails <see cref="Failed"/>: nothing dies in silence.</summary>
internal sealed class RunningTasks
{
    private readonly ConcurrentDictionary<Task, string> running = new();
    private readonly TaskCompletionSource failed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Fails with the first failure; never completes otherwise.</summary>
    public Task Failed => failed.Task;

    public int Count(string owner) => running.Values.Count(o => o == owner);

    /// <param name="stop">A cancellation after it is an end like any other.</param>
    public void Run(string owner, Func<Task> work, CancellationToken stop)
    {
        var ended = new TaskCompletionSource();
        running[ended.Task] = owner;
        _ = Task.Run(async () =>
        {
            try
            {
                await work();
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // What is unfinished is remembered.
            }
            catch (Exception e)
            {
                failed.TrySetException(e);
            }
            finally
            {
                running.TryRemove(ended.Task, out string? _);
                ended.SetResult();
            }
        }, CancellationToken.None);
    }

    public Task EndedAsync() => Task.WhenAll(running.Keys);
}
