using System.Globalization;
using OpenClaw.Client;
using OpenClaw.Runner.Handlers;

namespace OpenClaw.Runner.Work;

/// <summary>Runs one job's handler, with heartbeats beside it, until it has finished or has to stop.</summary>
internal sealed class JobRun(BrokerClient broker, Orders orders, Loops loops, TimeSpan timeout, RunnerLog log, TimeProvider clock)
{
    /// <summary>How long what a job wrote is still sent after its end, before the end itself is told.</summary>
    private static readonly TimeSpan FlushTime = TimeSpan.FromSeconds(30);

    /// <summary>The same of a job that was stopped: its end must not be late.</summary>
    private static readonly TimeSpan ShortFlush = TimeSpan.FromSeconds(1);

    private readonly Heartbeats heartbeats = new(broker, log, clock);

    /// <summary>How the run ended; no outcome where there is nothing to tell the broker, since the lease is another's or goes back.</summary>
    /// <param name="giveUp">Cancelled when the runner has no more time.</param>
    /// <param name="keep">Puts the outcome on the disk, where it takes a while until it can be told.</param>
    public async Task<(Outcome? Outcome, StopReason? Stopped)> RunAsync(
        ClaimedJob job, IHandler handler, Action<Outcome?> keep, CancellationToken giveUp)
    {
        var started = clock.GetTimestamp();
        var most = handler.Limit ?? timeout;
        var isOwnLimit = job.Timeout < most;
        var limit = isOwnLimit ? job.Timeout!.Value : most;
        var reason = new TaskCompletionSource<StopReason>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Stop(StopReason why) => reason.TrySetResult(why);

        using var stop = new CancellationTokenSource();
        using var finished = new CancellationTokenSource();
        await using var timer = clock.CreateTimer(_ => Stop(StopReason.TimedOut), null, limit, Timeout.InfiniteTimeSpan);
        await using var shutdown = giveUp.Register(() => Stop(StopReason.ShuttingDown));
        orders.Add(job.Id, Stop);
        // A broker that knows no lease tokens is the Python one, which takes no numbered pieces.
        var stream = job.LeaseToken is null ? null : new JobStream(broker, job, log, clock);
        using var over = new CancellationTokenSource();
        using var cut = new CancellationTokenSource();
        var sending = stream is null ? Task.CompletedTask : loops.RunAsync($"output of {job.Id}", () => stream.SendAsync(over.Token, cut.Token));
        var beats = loops.RunAsync($"heartbeats of {job.Id}", () => heartbeats.SendAsync(job, stream, Stop, finished.Token));
        var context = new JobContext
        {
            Id = job.Id, Attempt = job.Attempt, Command = job.Command, Payload = job.Payload, Stop = stop.Token, Claim = job.View,
            Output = stream ?? (IJobOutput)NoOutput.Instance,
        };
        var work = Task.Run(() => handler.RunAsync(context), CancellationToken.None);

        await Task.WhenAny(work, reason.Task);
        StopReason? stopped = work.IsCompleted ? null : await reason.Task;
        if (stopped is not null) await StopHandlerAsync(job, work, handler.Patience, stop, stopped.Value);
        orders.Remove(job.Id);

        var seconds = limit.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        var tooLong = isOwnLimit ? $"timed out after {seconds} s"
            : handler.Limit is null ? $"no result after {seconds} s (RESULT_TIMEOUT_SEC)" : $"timed out after {seconds} s (timeout_seconds of the command)";
        var outcome = await OutcomeAsync(work, stopped, tooLong);
        log.HandlerEnded(job.Id, (outcome?.GetType().Name ?? stopped.ToString()!).ToLowerInvariant(), clock.GetElapsedTime(started));
        await over.CancelAsync();
        await FlushAsync(sending, cut, stopped, () => keep(outcome), giveUp);
        await finished.CancelAsync();
        await beats;
        return (outcome, stopped);
    }

    /// <summary>Lets what the job wrote go before its end is told; where that takes a while, the end is on the disk meanwhile.</summary>
    private async Task FlushAsync(Task sending, CancellationTokenSource cut, StopReason? stopped, Action keep, CancellationToken giveUp)
    {
        if (stopped == StopReason.LeaseLost) await cut.CancelAsync();
        await sending.WaitAsync(ShortFlush, clock, giveUp).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!sending.IsCompleted && stopped is null)
        {
            keep();
            await sending.WaitAsync(FlushTime, clock, giveUp).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await cut.CancelAsync();
        await sending;
    }

    private async Task StopHandlerAsync(ClaimedJob job, Task work, TimeSpan patience, CancellationTokenSource stop, StopReason why)
    {
        if (why == StopReason.Cancelled) log.CancelRequested(job.Id);
        // What the handler's own callbacks throw is no fault of the runner.
        await stop.CancelAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await work.WaitAsync(patience, clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!work.IsCompleted) log.HandlerStuck(job.Id);
    }

    /// <summary>A handler that finished in spite of everything is believed; else the reason to stop it speaks.</summary>
    /// <param name="tooLong">The error of one that took too long.</param>
    private static async Task<Outcome?> OutcomeAsync(Task<Outcome> work, StopReason? stopped, string tooLong)
    {
        if (work.IsCompletedSuccessfully) return await work;
        switch (stopped)
        {
            case StopReason.Cancelled:
                return new Failed("cancelled");
            case StopReason.TimedOut:
                return new Failed(tooLong);
            case StopReason.LeaseLost or StopReason.ShuttingDown:
                return null;
        }
        try
        {
            return await work;
        }
        catch (Exception e)
        {
            return new Failed(e.GetBaseException().Message is { Length: > 0 } message ? message : "unknown");
        }
    }
}
