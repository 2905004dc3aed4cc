namespace OpenClaw.Broker.Jobs;

/// <summary>Requests of this process that wait for a job's end.</summary>
internal sealed class EndWaiters : INewsSink
{
    private readonly Lock gate = new();
    private readonly Dictionary<Guid, (TaskCompletionSource End, int Count)> ends = [];

    public ValueTask Heard(JobNews news)
    {
        if (!news.IsFinal) return ValueTask.CompletedTask;
        lock (gate)
        {
            if (ends.TryGetValue(news.Id, out var waiting)) waiting.End.TrySetResult();
        }
        return ValueTask.CompletedTask;
    }

    /// <summary>Completes when the job has ended; pair with <see cref="Leave"/>.</summary>
    public Task Join(Guid job)
    {
        lock (gate)
        {
            var (end, count) = ends.GetValueOrDefault(job);
            end ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            ends[job] = (end, count + 1);
            return end.Task;
        }
    }

    public void Leave(Guid job)
    {
        lock (gate)
        {
            var (end, count) = ends[job];
            if (count == 1) ends.Remove(job);
            else ends[job] = (end, count - 1);
        }
    }
}
