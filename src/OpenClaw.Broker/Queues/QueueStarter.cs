using OpenClaw.Broker.Jobs;

namespace OpenClaw.Broker.Queues;

/// <summary>Before the first request comes in: every queue is loaded, with its settings, and gives each lease a whole period again.</summary>
internal sealed class QueueStarter(QueueLinks queues, JobCalls calls) : IStartupTask
{
    public async Task Execute(CancellationToken cancellationToken)
    {
        await calls.LoadAsync();
        await Task.WhenAll(calls.Queues.Append(QueueNames.Broker).Select(q => queues.Grain(q).WakeAsync()));
    }
}
