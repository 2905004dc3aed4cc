using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Keeping;

/// <summary>Drops what was counted in minutes of more than a week ago, and in minutes that are not yet: those a wrong clock made.</summary>
internal sealed class OldMinutes(IStore store, Clock clock, ILogger<OldMinutes> log)
    : Chore(TimeSpan.FromHours(1), "counts of old minutes are dropped", clock, log)
{
    private static readonly TimeSpan Age = TimeSpan.FromDays(8), Ahead = TimeSpan.FromDays(1);
    private readonly Clock clock = clock;

    protected override async Task DoAsync(CancellationToken stop)
    {
        MinutePurge purge;
        do
        {
            purge = new MinutePurge(Minute(-Age), Minute(Ahead));
            await store.WriteAsync(new Commit([purge], isEssential: true));
        }
        while (purge.Dropped > 0 && !stop.IsCancellationRequested);
    }

    private long Minute(TimeSpan fromNow) => (clock.Wall + (long)fromNow.TotalMilliseconds) / 60_000;

    /// <summary>A few at once, so that nobody waits long.</summary>
    private sealed class MinutePurge(long from, long to) : Change
    {
        public int Dropped { get; private set; }

        public override string Sql => "delete from job_minute where (minute, queue, state) in "
            + "(select minute, queue, state from job_minute where minute < ?1 or minute > ?2 order by minute limit 500)";

        public override void Bind(IParameters parameters)
        {
            parameters.Set(1, from);
            parameters.Set(2, to);
        }

        public override void Executed(int rows) => Dropped = rows;
    }
}
