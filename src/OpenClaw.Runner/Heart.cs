using OpenClaw.Client;
using OpenClaw.Contracts;

namespace OpenClaw.Runner;

/// <summary>Keeps a running job's lease alive, and hears by the same call that it is lost or the job cancelled.</summary>
internal sealed class Heart(BrokerClient broker, Log log, TimeProvider clock)
{
    /// <summary>Sends heartbeats until <paramref name="over"/> is cancelled or there is no lease to keep.</summary>
    /// <param name="end">Told why the handler has to end before it is ready.</param>
    public async Task BeatAsync(JobView job, Action<Ending> end, CancellationToken over)
    {
        if (job is not { LeaseToken: { } token, LeaseSeconds: > 0 }) return;
        var period = TimeSpan.FromSeconds(job.LeaseSeconds.Value / 3);
        while (await WaitAsync(period, over).ConfigureAwait(false))
        {
            try
            {
                using var deadline = new CancellationTokenSource(period, clock);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(over, deadline.Token);
                var answer = await broker.HeartbeatAsync(job.Id, token, either.Token).ConfigureAwait(false);
                if (answer.CancelRequested) end(Ending.Cancelled);
            }
            catch (BrokerException e) when (e.Status == 404)
            {
                return;
            }
            catch (BrokerException e) when (e.Status == 409)
            {
                // Queued: the lease ran out, yet nobody has the job. Its result is still welcome.
                if (e.State == JobStates.Queued) continue;
                log.LeaseLost(job.Id, e.State);
                end(Ending.LeaseLost);
                return;
            }
            catch (Exception e) when (Reach.IsAway(e))
            {
                if (!over.IsCancellationRequested) log.HeartbeatFailed(job.Id, Reach.Describe(e));
            }
        }
    }

    private async Task<bool> WaitAsync(TimeSpan period, CancellationToken over)
    {
        try
        {
            await Task.Delay(period, clock, over).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}

/// <summary>Why a handler has to end before it is ready.</summary>
internal enum Ending
{
    Cancelled,
    TimedOut,
    LeaseLost,
    ShuttingDown,
}
