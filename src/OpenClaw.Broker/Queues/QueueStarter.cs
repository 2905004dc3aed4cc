using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Queues;

/// <summary>Before the first request comes in: every lease gets a whole period again, and every queue that has unfinished jobs is loaded.</summary>
internal sealed class QueueStarter(BrokerGrains grains, JobReader table, Writer writer, Clock clock, BrokerOptions options) : IStartupTask
{
    public async Task Execute(CancellationToken cancellationToken)
    {
        await writer.WriteAsync(new LeaseGrace(clock.SteadyNow.Milliseconds + options.LeaseMs));
        var queues = await table.ReadQueueNamesAsync();
        await Task.WhenAll(queues.Append(QueueNames.Default).Distinct().Select(q => grains.Queue(q).WakeAsync()));
    }
}
