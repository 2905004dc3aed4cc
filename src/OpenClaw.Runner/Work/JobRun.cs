using System.Globalization;
using OpenClaw.Contracts;
using OpenClaw.Runner.Handlers;

namespace OpenClaw.Runner.Work;

/// <summary>Runs one job's handler, with heartbeats beside it, until it has finished or has to end.</summary>
internal sealed class JobRun(Heartbeats heartbeats, TimeSpan timeout, RunnerLog log, TimeProvider clock)
{
    /// <summary>How long a handler whose token was cancelled may take to return.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>How the run ended; null where there is nothing to tell the broker, since the lease is another's or goes back.</summary>
    /// <param name="giveUp">Cancelled when the runner has no more time.</param>
    public async Task<(Outcome? Outcome, StopReason? StopReason)> RunAsync(JobView job, IHandler handler, CancellationToken giveUp)
    {
        var started = clock.GetTimestamp();
        var ended = new TaskCompletionSource<StopReason>(TaskCreationOptions.RunContinuationsAsynchronously);
        void End(StopReason why) => ended.TrySetResult(why);

        using var stop = new CancellationTokenSource();
        using var over = new CancellationTokenSource();
        await using var limit = clock.CreateTimer(_ => End(StopReason.TimedOut), null, timeout, Timeout.InfiniteTimeSpan);
        await using var shutdown = giveUp.Register(() => End(StopReason.ShuttingDown));
        var beats = heartbeats.SendAsync(job, End, over.Token);
        var context = new JobContext { Id = job.Id, Attempt = job.Attempt, Command = job.Command, Payload = job.Payload ?? "", Stop = stop.Token };
        var work = Task.Run(() => handler.RunAsync(context), CancellationToken.None);

        await Task.WhenAny(work, ended.Task);
        StopReason? ending = work.IsCompleted ? null : await ended.Task;
        if (ending is not null) await StopHandlerAsync(job, work, stop, ending.Value);
        await over.CancelAsync();
        await beats;

        var outcome = OutcomeOf(work, ending);
        log.HandlerEnded(job.Id, (outcome?.GetType().Name ?? ending.ToString()!).ToLowerInvariant(), clock.GetElapsedTime(started));
        return (outcome, ending);
    }

    private async Task StopHandlerAsync(JobView job, Task work, CancellationTokenSource stop, StopReason ending)
    {
        if (ending == StopReason.Cancelled) log.CancelRequested(job.Id);
        await stop.CancelAsync();
        try
        {
            await work.WaitAsync(Patience, clock);
        }
        catch (TimeoutException) when (!work.IsCompleted)
        {
            log.HandlerStuck(job.Id);
        }
        catch (Exception) when (work.IsCompleted)
        {
            // What it threw is looked at with its outcome.
        }
    }

    /// <summary>A handler that finished in spite of everything is believed; else the reason to end it speaks.</summary>
    private Outcome? OutcomeOf(Task<Outcome> work, StopReason? ending) => (work, ending) switch
    {
        ({ IsCompletedSuccessfully: true }, _) => work.Result,
        (_, StopReason.Cancelled) => new Failed("cancelled"),
        (_, StopReason.TimedOut) => new Failed(string.Create(CultureInfo.InvariantCulture, $"no result after {timeout.TotalSeconds} s (RESULT_TIMEOUT_SEC)")),
        (_, StopReason.LeaseLost or StopReason.ShuttingDown) => null,
        _ => new Failed(work.Exception?.GetBaseException().Message is { Length: > 0 } message ? message : "unknown"),
    };
}
