using OpenClaw.Client;
using OpenClaw.Contracts;

namespace OpenClaw.Runner.Work;

/// <summary>Keeps a running job's lease alive, and hears by the same call that it is lost or the job cancelled.</summary>
internal sealed class Heartbeats(BrokerClient broker, RunnerLog log, TimeProvider clock)
{
    /// <summary>Sends heartbeats until <paramref name="over"/> is cancelled or there is no lease to keep.</summary>
    /// <param name="end">Told why the handler has to end before it has finished.</param>
    public async Task SendAsync(JobView job, Action<StopReason> end, CancellationToken over)
    {
        if (job is not { LeaseToken: { } token, LeaseSeconds: > 0 }) return;
        var period = TimeSpan.FromSeconds(job.LeaseSeconds.Value / 3);
        while (await WaitAsync(period, over))
        {
            try
            {
                using var deadline = new CancellationTokenSource(period, clock);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(over, deadline.Token);
                var answer = await broker.HeartbeatAsync(job.Id, token, either.Token);
                if (answer.CancelRequested) end(StopReason.Cancelled);
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
                end(StopReason.LeaseLost);
                return;
            }
            catch (Exception e) when (BrokerContact.IsAway(e))
            {
                if (!over.IsCancellationRequested) log.HeartbeatFailed(job.Id, BrokerContact.Describe(e));
            }
        }
    }

    private async Task<bool> WaitAsync(TimeSpan period, CancellationToken over)
    {
        try
        {
            await Task.Delay(period, clock, over);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}

/// <summary>Why a handler has to end before it has finished.</summary>
internal enum StopReason
{
    Cancelled,
    TimedOut,
    LeaseLost,
    ShuttingDown,
}
