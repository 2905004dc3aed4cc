using OpenClaw.Client;
using OpenClaw.Contracts;

namespace OpenClaw.Cli.Jobs;

/// <summary>Follows what a job writes to its end, and goes on where it stood when the broker was away.</summary>
internal sealed class JobFollower(BrokerClient broker, OutputPrinter printer, Messages messages, TimeProvider clock)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>How long the broker may be away before that is said to whoever waits.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <exception cref="BrokerException">The broker refuses, or was away for too long.</exception>
    public async Task UntilEndedAsync(string id, CancellationToken stop)
    {
        var heard = clock.GetTimestamp();
        while (true)
        {
            try
            {
                await foreach (var e in broker.FollowAsync(id, printer.Last, stop))
                {
                    heard = clock.GetTimestamp();
                    if (e.Name == StreamEvent.End) return;
                    if (e.Name is null) printer.Print(e);
                    else if (e.Name == StreamEvent.Why) messages.Step(e.Text ?? "");
                }
            }
            catch (BrokerException e) when ((e.IsPassing || e.WasLost) && clock.GetElapsedTime(heard) < Patience)
            {
                messages.Step("the broker does not answer, trying again");
            }
            await Task.Delay(Pause, clock, stop);
        }
    }
}
