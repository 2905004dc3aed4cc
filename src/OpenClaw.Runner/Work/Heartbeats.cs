using OpenClaw.Client;
using OpenClaw.Contracts;

namespace OpenClaw.Runner.Work;

/// <summary>Keeps a running job's lease, and hears by the same call that it is lost or the job is to be cancelled.</summary>
internal sealed class Heartbeats(BrokerClient broker, RunnerLog log, TimeProvider clock)
{
    /// <summary>Progress is told no more often.</summary>
    private static readonly TimeSpan Soonest = TimeSpan.FromSeconds(1);

    /// <summary>Sends heartbeats until <paramref name="finished"/> is cancelled or there is no lease to keep.</summary>
    /// <param name="stream">Knows how far the job is; null where that is not told.</param>
    /// <param name="stop">Told why the handler has to stop before it has finished.</param>
    public async Task SendAsync(ClaimedJob job, JobStream? stream, Action<StopReason> stop, CancellationToken finished)
    {
        if (job.HeartbeatPeriod is not { } period) return;
        HeartbeatBody? told = null;
        while (true)
        {
            await PauseAsync(period, stream, told, finished);
            if (finished.IsCancellationRequested) return;
            var progress = stream?.Progress;
            try
            {
                using var deadline = new CancellationTokenSource(period, clock);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(finished, deadline.Token);
                var answer = await broker.HeartbeatAsync(job.Id, job.LeaseToken, progress == told ? null : progress, either.Token);
                told = progress;
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

    /// <summary>Until the next one is due: sooner where there is progress to tell of.</summary>
    private async Task PauseAsync(TimeSpan period, JobStream? stream, HeartbeatBody? told, CancellationToken finished)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(finished);
        var due = Task.Delay(period, clock, enough.Token);
        var reported = stream?.Reported ?? due; // first, so that nothing said meanwhile is missed
        if (stream?.Progress != told || await Task.WhenAny(due, reported) != due)
        {
            await Task.WhenAny(due, Task.Delay(Soonest, clock, enough.Token));
            await enough.CancelAsync();
        }
        await due.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
