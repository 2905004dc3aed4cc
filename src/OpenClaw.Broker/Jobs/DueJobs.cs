using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Jobs;

/// <summary>
/// Lets time happen to jobs: their hour comes, they expire, their attempts take too long. A look at the table every 30 s makes
/// sure that what was not heard of costs seconds. A moment is told to the job's grain, which refuses it where the job has moved
/// on; so it does no harm where several processes know of it.
/// </summary>
internal sealed partial class DueJobs(
    JobCalls calls, DueTimes times, IJobStore store, Clock clock, IHostApplicationLifetime lifetime, ILogger<DueJobs> log)
    : BackgroundService
{
    /// <summary>How many moments are being written at once.</summary>
    private const int MostUnderWay = 64;

    /// <summary>How many rows a look takes in.</summary>
    private const int Heads = 1000;

    private const int RetryMs = 1000;
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private ITimer? timer;
    private SteadyTime? timerDue;
    private int underWay;
    private SteadyTime readNotBefore;

    public override void Dispose()
    {
        timer?.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        timer = clock.CreateTimer(_ => Start(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        times.Changed = Settle;
        await lifetime.StartedAsync(stoppingToken);
        using var look = new PeriodicTimer(LookEvery, clock);
        await RefillAsync();
        while (await look.WaitForNextTickAsync(lifetime.ApplicationStopping)) await LookAsync();
    }

    private async Task RefillAsync()
    {
        times.BeginRead();
        List<DueRow>? rows = null;
        try
        {
            rows = await store.ReadDueAsync(DueTimes.Capacity);
        }
        catch (Exception e) when (!lifetime.ApplicationStopping.IsCancellationRequested)
        {
            LogNotRead(e);
            lock (gate) readNotBefore = clock.SteadyNow + (long)LookEvery.TotalMilliseconds;
        }
        finally
        {
            times.EndRead(rows);
        }
        Start();
    }

    private async Task LookAsync()
    {
        try
        {
            times.Add(await store.ReadDueAsync(Heads));
        }
        catch (Exception e) when (!lifetime.ApplicationStopping.IsCancellationRequested)
        {
            LogNotRead(e);
        }
        Start();
    }

    /// <summary>Starts what is due, and waits for none of it: one write that hangs holds up no other.</summary>
    private void Start()
    {
        bool mayRead;
        lock (gate)
        {
            mayRead = clock.SteadyNow >= readNotBefore;
            timerDue = null;
            while (!lifetime.ApplicationStopping.IsCancellationRequested && underWay < MostUnderWay && times.TakeDue() is { } due)
            {
                underWay++;
                _ = TellAsync(due);
            }
        }
        Settle();
        if (mayRead && times.IsRunningDry) _ = RefillAsync();
    }

    private async Task TellAsync(DueJob due)
    {
        await Task.Yield();
        try
        {
            var reply = await calls.ApplyAsync(due.Id, new TimeCame(calls.Now, due.Version, Random.Shared.NextDouble()));
            if (reply is { Refusal: Refusal.None, Job.IsFinal: true }) LogEnded(due.Id, reply.Job.Error!);
        }
        catch (Exception e) when (!lifetime.ApplicationStopping.IsCancellationRequested)
        {
            LogRetry(e, due.Id);
            times.PutOff(due, RetryMs);
        }
        finally
        {
            lock (gate) underWay--;
            Start();
        }
    }

    /// <summary>Sets the timer to the next moment.</summary>
    private void Settle()
    {
        lock (gate)
        {
            var next = underWay < MostUnderWay ? times.Next : null;
            if (timer is null || next == timerDue) return;
            timerDue = next;
            timer.Change(next is { } at ? TimeSpan.FromMilliseconds(Math.Clamp(at - clock.SteadyNow, 0, LookEvery.TotalMilliseconds))
                : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Job {JobId} ended: {Error}")]
    private partial void LogEnded(Guid jobId, string error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What time does to job {JobId} could not be written; tried again in a second")]
    private partial void LogRetry(Exception e, Guid jobId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The jobs that wait for a time could not be read; tried again in 30 s")]
    private partial void LogNotRead(Exception e);
}
