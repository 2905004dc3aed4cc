using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Keeping;

/// <summary>Drops idempotency keys that are older than a day of the steady clock, and has the file remember that clock.</summary>
internal sealed class OldKeys(IJobStore store, Clock clock, ILogger<OldKeys> log)
    : Chore(TimeSpan.FromMinutes(10), "old idempotency keys are dropped", clock, log)
{
    private static readonly TimeSpan Age = TimeSpan.FromHours(25);
    private readonly Clock clock = clock;

    protected override async Task DoAsync(CancellationToken stop)
    {
        var now = clock.SteadyNow;
        while (await store.PurgeKeysAsync(now - (long)Age.TotalMilliseconds, now) > 0 && !stop.IsCancellationRequested)
        {
        }
    }
}
