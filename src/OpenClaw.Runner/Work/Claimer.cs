using OpenClaw.Client;
using OpenClaw.Programs;

namespace OpenClaw.Runner.Work;

/// <summary>
/// Claims jobs, one after another. A claim whose answer was lost is repeated with its own id, so the job it may have got is
/// not left to its lease.
/// </summary>
internal sealed class Claimer(BrokerClient broker, Backoff backoff, BrokerContact contact, RunnerLog log, TimeProvider clock)
{
    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(30);

    /// <summary>An empty answer that comes sooner is from a broker that does not wait: the Python one.</summary>
    private static readonly TimeSpan Waited = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan GiveBackTimeout = TimeSpan.FromSeconds(2);

    /// <summary>The next job; null when <paramref name="stop"/> is cancelled.</summary>
    public async Task<ClaimedJob?> NextAsync(CancellationToken stop)
    {
        var claimId = NewId();
        while (!stop.IsCancellationRequested)
        {
            var asked = clock.GetTimestamp();
            var least = TimeSpan.Zero;
            try
            {
                var answer = await broker.ClaimAsync(claimId, LongPoll, stop);
                contact.Answered();
                claimId = NewId();
                if (answer is not null || clock.GetElapsedTime(asked) >= Waited) backoff.Reset();
                if (answer is not null)
                {
                    if (ClaimedJob.Read(answer) is { } job) return job;
                    log.StrangeJob();
                    least = backoff.Longest;
                }
                else if (clock.GetElapsedTime(asked) >= Waited)
                {
                    continue;
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                if (clock.GetElapsedTime(asked) >= Waited) await GiveBackAsync(claimId);
                return null;
            }
            catch (Exception e) when (BrokerContact.IsFailedCall(e))
            {
                contact.Failed(e);
                least = (e as BrokerException)?.RetryAfter ?? TimeSpan.Zero;
            }
            var own = backoff.Next();
            await PauseAsync(own > least ? own : least, stop);
        }
        return null;
    }

    /// <summary>A pause that ends early when <paramref name="stop"/> is cancelled.</summary>
    public async Task PauseAsync(TimeSpan pause, CancellationToken stop) =>
        await Task.Delay(pause, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    /// <summary>The broker may have answered just when the poll was given up: a job it handed out goes back at once.</summary>
    private async Task GiveBackAsync(string claimId)
    {
        using var deadline = new CancellationTokenSource(GiveBackTimeout, clock);
        try
        {
            if (await broker.ClaimAsync(claimId, TimeSpan.Zero, deadline.Token) is not { } answer) return;
            if (ClaimedJob.Read(answer) is not { LeaseToken: { } token } job) return;
            await broker.ReleaseAsync(job.Id, token, deadline.Token);
            log.Released(job.Id);
        }
        catch (Exception e) when (BrokerContact.IsFailedCall(e))
        {
            // Its lease ends by itself.
        }
    }

    private static string NewId() => Guid.NewGuid().ToString("N");
}
