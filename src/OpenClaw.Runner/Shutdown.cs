using System.Runtime.InteropServices;

namespace OpenClaw.Runner;

/// <summary>SIGTERM and SIGINT: the first stops claiming and starts the grace of running jobs, the second ends the grace.</summary>
internal sealed class Shutdown : IDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource stop = new();
    private readonly CancellationTokenSource giveUp = new();
    private readonly ITimer grace;
    private readonly RunnerLog log;
    private readonly PosixSignalRegistration[] signals;

    public Shutdown(RunnerLog log, TimeProvider clock)
    {
        this.log = log;
        grace = clock.CreateTimer(_ => giveUp.Cancel(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        signals = [PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal), PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal)];
    }

    /// <summary>Claim no more.</summary>
    public CancellationToken Stop => stop.Token;

    /// <summary>Give back what still runs.</summary>
    public CancellationToken GiveUp => giveUp.Token;

    public void Dispose()
    {
        foreach (var signal in signals) signal.Dispose();
        grace.Dispose();
        stop.Dispose();
        giveUp.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (stop.IsCancellationRequested)
        {
            giveUp.Cancel();
            return;
        }
        log.Stopping();
        grace.Change(Grace, Timeout.InfiniteTimeSpan);
        stop.Cancel();
    }
}
