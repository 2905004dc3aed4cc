using OpenClaw.Client;
using OpenClaw.Contracts;

namespace OpenClaw.Runner.Work;

/// <summary>Keeps a running job's lease, and hears by the same call that it is lost or the job is to be cancelled.</summary>
internal sealed class Heartbeats(BrokerClient broker, RunnerLog log, TimeProvider clock)
{
    /// <summary>Sends heartbeats until <paramref name="finished"/> is cancelled or there is no lease to keep.</summary>
    /// <param name="stop">Told why the handler has to stop before it has finished.</param>
    public async Task SendAsync(ClaimedJob job, Action<StopReason> stop, CancellationToken finished)
    {
        if (job.HeartbeatPeriod is not { } period) return;
        while (true)
        {
            await Task.Delay(period, clock, finished).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (finished.IsCancellationRequested) return;
            try
            {
                using var deadline = new CancellationTokenSource(period, clock);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(finished, deadline.Token);
                var answer = await broker.HeartbeatAsync(job.Id, job.LeaseToken, either.Token);
                if (answer.CancelRequested) stop(StopReason.Cancelled);
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
                stop(StopReason.LeaseLost);
                return;
            }
            catch (Exception e) when (BrokerContact.IsFailedCall(e))
            {
                if (!finished.IsCancellationRequested) log.HeartbeatFailed(job.Id, BrokerContact.Describe(e));
            }
        }
    }
}

/// <summary>Why a handler has to stop before it has finished.</summary>
internal enum StopReason
{
    Cancelled,
    TimedOut,
    LeaseLost,
    ShuttingDown,
}
