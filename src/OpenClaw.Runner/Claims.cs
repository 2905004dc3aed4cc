using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Runner;

/// <summary>
/// Asks the broker for jobs, one after another. A claim whose answer was lost is repeated with its own id, so the job it
/// may have got is not left to its lease.
/// </summary>
internal sealed class Claims(BrokerClient broker, Backoff backoff, Reach reach, Log log, TimeProvider clock)
{
    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(30);

    /// <summary>An empty answer that comes sooner is from a broker that does not wait: the original one.</summary>
    private static readonly TimeSpan Waited = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan GiveBackTimeout = TimeSpan.FromSeconds(2);

    /// <summary>The next job; null when <paramref name="stop"/> is cancelled.</summary>
    public async Task<JobView?> NextAsync(CancellationToken stop)
    {
        var claimId = NewId();
        while (!stop.IsCancellationRequested)
        {
            var asked = clock.GetTimestamp();
            var pause = TimeSpan.Zero;
            try
            {
                var job = await broker.ClaimAsync(claimId, LongPoll, stop).ConfigureAwait(false);
                reach.Answered();
                if (job is not null || clock.GetElapsedTime(asked) >= Waited) backoff.Reset();
                if (job is not null) return job;
                claimId = NewId();
                if (clock.GetElapsedTime(asked) >= Waited) continue;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                if (clock.GetElapsedTime(asked) >= Waited) await GiveBackAsync(claimId).ConfigureAwait(false);
                return null;
            }
            catch (Exception e) when (Reach.IsAway(e))
            {
                reach.Failed(e);
                pause = (e as BrokerException)?.RetryAfter ?? TimeSpan.Zero;
            }
            var own = backoff.Next();
            await PauseAsync(own > pause ? own : pause, stop).ConfigureAwait(false);
        }
        return null;
    }

    /// <summary>A pause that ends early when <paramref name="stop"/> is cancelled.</summary>
    public Task PauseAsync(TimeSpan pause, CancellationToken stop) =>
        Task.Delay(pause, clock, stop).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    /// <summary>The broker may have answered just when the poll was given up: a job it handed out goes back at once.</summary>
    private async Task GiveBackAsync(string claimId)
    {
        using var deadline = new CancellationTokenSource(GiveBackTimeout, clock);
        try
        {
            if (await broker.ClaimAsync(claimId, TimeSpan.Zero, deadline.Token).ConfigureAwait(false) is not { LeaseToken: { } token } job) return;
            await broker.ReleaseAsync(job.Id, token, deadline.Token).ConfigureAwait(false);
            log.Released(job.Id);
        }
        catch (Exception e) when (Reach.IsAway(e))
        {
            // Its lease ends by itself.
        }
    }

    private static string NewId() => Guid.NewGuid().ToString("N");
}
