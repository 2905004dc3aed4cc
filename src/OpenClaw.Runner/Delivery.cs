using System.Threading.Channels;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Runner;

/// <summary>
/// Brings outcomes to the broker. Each is on disk before it is sent, so that a runner killed in between sends it after its
/// restart; the broker takes the same outcome twice without harm.
/// </summary>
internal sealed class Delivery(BrokerClient broker, Outbox outbox, Backoff backoff, Reach reach, Log log, TimeProvider clock)
{
    private readonly Channel<Outgoing> waiting = Channel.CreateUnbounded<Outgoing>();

    /// <summary>Keeps and sends an outcome; one that can't be sent now is left to <see cref="RunAsync"/>.</summary>
    public async Task FinishAsync(Outgoing outcome, CancellationToken giveUp)
    {
        outbox.Keep(outcome);
        if (!await TrySendAsync(outcome, giveUp).ConfigureAwait(false)) waiting.Writer.TryWrite(outcome);
    }

    /// <summary>Sends what earlier runs and <see cref="FinishAsync"/> left, until it is all gone, again and again.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        var left = outbox.Load();
        if (left.Count > 0) log.OutboxLoaded(left.Count);
        foreach (var outcome in left) waiting.Writer.TryWrite(outcome);
        try
        {
            await foreach (var outcome in waiting.Reader.ReadAllAsync(stop).ConfigureAwait(false))
            {
                if (await TrySendAsync(outcome, stop).ConfigureAwait(false))
                {
                    backoff.Reset();
                    continue;
                }
                waiting.Writer.TryWrite(outcome);
                await Task.Delay(backoff.Next(), clock, stop).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // What is left is on disk.
        }
    }

    /// <summary>Whether the outcome needs no more sending: the broker has it, or has refused it for good.</summary>
    private async Task<bool> TrySendAsync(Outgoing outcome, CancellationToken stop)
    {
        try
        {
            var answer = outcome.Kind == OutgoingKind.Result
                ? await broker.FinishAsync(outcome.JobId, outcome.LeaseToken, outcome.Text, stop).ConfigureAwait(false)
                : await broker.FailAsync(outcome.JobId, outcome.LeaseToken, outcome.Text, stop).ConfigureAwait(false);
            outbox.Remove(outcome);
            reach.Answered();
            log.Delivered(outcome.JobId, answer.Status, answer.Note);
            return true;
        }
        catch (BrokerException e) when (IsFinal(e))
        {
            outbox.SetAside(outcome);
            log.Orphaned(outcome.JobId, e.Status, e.Message);
            if (outcome.Kind == OutgoingKind.Result && !IsOthers(e)) await FinishAsync(Refused(outcome, e), stop).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (Reach.IsAway(e))
        {
            log.DeliveryFailed(outcome.JobId, Reach.Describe(e));
            return false;
        }
    }

    /// <summary>A 401 can be mended by setting the token, a 3xx is not from the broker: both are tried again.</summary>
    private static bool IsFinal(BrokerException e) => e.Status is >= 400 and < 500 && e.Status != 401 && !e.IsPassing;

    /// <summary>Whether the job is no more this runner's to finish. Otherwise it is the text that the broker won't have.</summary>
    private static bool IsOthers(BrokerException e) => e.Status is 404 or 409 || e.Code == ErrorCodes.NotRunning || e.Code is null && e.Status == 400;

    private static Outgoing Refused(Outgoing outcome, BrokerException e) =>
        outcome with { Kind = OutgoingKind.Fail, Text = $"the broker refused the result: {e.Status} {e.Message}" };
}
