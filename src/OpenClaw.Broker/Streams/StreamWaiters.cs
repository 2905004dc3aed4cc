using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Streams;

/// <summary>Requests of this process that follow what jobs write.</summary>
internal sealed class StreamWaiters : INewsSink
{
    private readonly Lock gate = new();
    private readonly Dictionary<Guid, (TaskCompletionSource Changed, int Count)> followed = [];

    public ValueTask Heard(JobNews news)
    {
        if (news.IsFinal) Tell(news.Id);
        return ValueTask.CompletedTask;
    }

    /// <summary>The job has written something.</summary>
    public void Tell(Guid job)
    {
        lock (gate)
        {
            if (!followed.TryGetValue(job, out var there)) return;
            followed[job] = there with { Changed = NewSignal() };
            there.Changed.SetResult();
        }
    }

    /// <summary>Begins to follow a job; pair with <see cref="Leave"/>.</summary>
    public void Join(Guid job)
    {
        lock (gate) followed[job] = followed.TryGetValue(job, out var there) ? there with { Count = there.Count + 1 } : (NewSignal(), 1);
    }

    /// <summary>Completes once there is more than now; of a job that is followed.</summary>
    public Task Changed(Guid job)
    {
        lock (gate) return followed[job].Changed.Task;
    }

    public void Leave(Guid job)
    {
        lock (gate)
        {
            var there = followed[job];
            if (there.Count == 1) followed.Remove(job);
            else followed[job] = there with { Count = there.Count - 1 };
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
