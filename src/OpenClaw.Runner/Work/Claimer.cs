using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;
using OpenClaw.Runner.Commands;

namespace OpenClaw.Runner.Work;

/// <summary>
/// Claims jobs, as many at once as there is room for. A claim whose answer was lost is repeated with its own id, so the jobs it
/// may have got are not left to their leases.
/// </summary>
internal sealed class Claimer(BrokerClient broker, ServedCommands served, Backoff backoff, BrokerContact contact, RunnerLog log, TimeProvider clock)
{
    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(30);

    /// <summary>An empty answer that comes sooner is from a broker that does not wait: the Python one.</summary>
    private static readonly TimeSpan Waited = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan GiveBackTimeout = TimeSpan.FromSeconds(2);

    /// <summary>The next jobs, at least one; null when <paramref name="stop"/> is cancelled.</summary>
    public async Task<IReadOnlyList<ClaimedJob>?> NextAsync(int most, CancellationToken stop)
    {
        var claimId = NewId();
        while (!stop.IsCancellationRequested)
        {
            var asked = clock.GetTimestamp();
            var least = TimeSpan.Zero;
            var changed = served.Changed;
            try
            {
                broker.Take(served.Names);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, changed);
                var answers = await ClaimAsync(claimId, most, LongPoll, either.Token);
                contact.Answered();
                claimId = NewId();
                if (answers.Count > 0 || clock.GetElapsedTime(asked) >= Waited) backoff.Reset();
                if (answers.Count > 0)
                {
                    var jobs = answers.Take(most).Select(ClaimedJob.Read).OfType<ClaimedJob>().ToList();
                    if (jobs.Count < answers.Count) log.StrangeJob();
                    if (jobs.Count > 0) return jobs;
                    least = backoff.Longest;
                }
                else if (clock.GetElapsedTime(asked) >= Waited)
                {
                    continue;
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                if (clock.GetElapsedTime(asked) >= Waited) await GiveBackAsync(claimId, most);
                return null;
            }
            catch (OperationCanceledException) when (changed.IsCancellationRequested)
            {
                continue; // The same claim again, for the commands of now.
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

    /// <summary>The broker may have answered just when the poll was given up: what it handed out goes back at once.</summary>
    private async Task GiveBackAsync(string claimId, int most)
    {
        using var deadline = new CancellationTokenSource(GiveBackTimeout, clock);
        try
        {
            foreach (var answer in await ClaimAsync(claimId, most, TimeSpan.Zero, deadline.Token))
            {
                if (ClaimedJob.Read(answer) is not { LeaseToken: { } token } job) continue;
                await broker.ReleaseAsync(job.Id, token, deadline.Token);
                log.Released(job.Id);
            }
        }
        catch (Exception e) when (BrokerContact.IsFailedCall(e))
        {
            // Their leases end by themselves.
        }
    }

    /// <summary>One is claimed by the call that every broker knows.</summary>
    private async Task<IReadOnlyList<JobView>> ClaimAsync(string claimId, int most, TimeSpan wait, CancellationToken stop)
    {
        if (most > 1) return await broker.ClaimManyAsync(claimId, most, wait, stop);
        return await broker.ClaimAsync(claimId, wait, stop) is { } job ? [job] : [];
    }

    private static string NewId() => Guid.NewGuid().ToString("N");
}
