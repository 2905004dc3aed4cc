using OpenClaw.Broker.Access;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Keeping;

/// <summary>Drops what the audit holds of more than its days of the steady clock ago; the chain goes on from the last link that was dropped.</summary>
internal sealed class OldAudit(IStore store, Clock clock, BrokerOptions options, ILogger<OldAudit> log)
    : Chore(TimeSpan.FromHours(1), "old entries of the audit are dropped", clock, log)
{
    private readonly Clock clock = clock;

    protected override async Task DoAsync(CancellationToken stop)
    {
        var age = (long)TimeSpan.FromDays(options.AuditDays).TotalMilliseconds;
        AuditPurge purge;
        do
        {
            purge = new AuditPurge();
            await store.WriteAsync(new Commit([new AuditMark(clock.SteadyNow - age, clock.Wall - age), purge], isEssential: true));
        }
        while (purge.Dropped > 0 && !stop.IsCancellationRequested);
    }
}
