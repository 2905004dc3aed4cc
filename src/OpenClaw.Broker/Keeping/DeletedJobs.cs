using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Keeping;

/// <summary>Within a minute or so what a person deleted is out of the database and its log.</summary>
internal sealed class DeletedJobs(IJobStore store, Clock clock, ILogger<DeletedJobs> log)
    : Chore(TimeSpan.FromMinutes(1), "what is left of deleted jobs is cleared away", clock, log)
{
    protected override Task DoAsync(CancellationToken stop) => store.ClearDeletedAsync();
}
