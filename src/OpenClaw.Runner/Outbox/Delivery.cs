using System.Threading.Channels;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Runner.Outbox;

/// <summary>
/// Brings outcomes to the broker. Each is on disk before it is sent, so that a runner killed in between sends it after its
/// restart; the broker takes the same outcome twice without harm.
/// </summary>
internal sealed class Delivery(BrokerClient broker, OutboxFolder outbox, Backoff backoff, BrokerContact contact, RunnerLog log, TimeProvider clock)
{
    /// <summary>Names of files: their texts, which may be long and many, are read one at a time.</summary>
    private readonly Channel<string> waiting = Channel.CreateUnbounded<string>();

    /// <summary>Keeps and sends an outcome; one that can't be sent now is left to <see cref="RunAsync"/>.</summary>
    /// <exception cref="OutboxException">The disk fails.</exception>
    public async Task DeliverAsync(StoredOutcome outcome, CancellationToken giveUp)
    {
        try
        {
            outbox.Keep(outcome);
        }
        catch (OutboxException)
        {
            // It is about to be lost with the process: one try without the disk.
            await SendAsync(outcome, giveUp);
            throw;
        }
        if (await SendAsync(outcome, giveUp) is not null) waiting.Writer.TryWrite(outcome.FileName);
    }

    /// <summary>Sends what earlier runs and <see cref="DeliverAsync"/> left, until it is all gone, again and again.</summary>
    /// <exception cref="OutboxException">The disk fails.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        var left = outbox.List();
        if (left.Count > 0) log.OutboxLoaded(left.Count);
        foreach (var name in left) waiting.Writer.TryWrite(name);
        try
        {
            await foreach (var name in waiting.Reader.ReadAllAsync(stop))
            {
                if (outbox.Read(name) is not { } outcome || await SendAsync(outcome, stop) is not { } least)
                {
                    backoff.Reset();
                    continue;
                }
                waiting.Writer.TryWrite(name);
                var own = backoff.Next();
                await Task.Delay(own > least ? own : least, clock, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // What is left is on disk.
        }
    }

    /// <summary>
    /// Null when the outcome needs no more sending: the broker has it, or has refused it for good. Else how long the broker
    /// wants to be left alone.
    /// </summary>
    private async Task<TimeSpan?> SendAsync(StoredOutcome outcome, CancellationToken stop)
    {
        try
        {
            var answer = outcome.Kind == OutcomeKind.Result
                ? await broker.FinishAsync(outcome.JobId, outcome.LeaseToken, outcome.Text, stop)
                : await broker.FailAsync(outcome.JobId, outcome.LeaseToken, outcome.Text, stop);
            outbox.Remove(outcome);
            contact.Answered();
            log.Delivered(outcome.JobId, answer.Status, answer.Note);
            return null;
        }
        catch (BrokerException e) when (IsFinal(e))
        {
            outbox.SetAside(outcome);
            log.Orphaned(outcome.JobId, e.Status, e.Message);
            if (outcome.Kind == OutcomeKind.Result && !IsOthers(e)) await DeliverAsync(Refused(outcome, e), stop);
            return null;
        }
        catch (Exception e) when (BrokerContact.IsFailedCall(e))
        {
            log.DeliveryFailed(outcome.JobId, BrokerContact.Describe(e));
            return (e as BrokerException)?.RetryAfter ?? TimeSpan.Zero;
        }
    }

    /// <summary>A 401 can be repaired by setting the token, a 3xx is not from the broker: both are tried again.</summary>
    private static bool IsFinal(BrokerException e) => e.Status is >= 400 and < 500 && e.Status != 401 && !e.IsPassing;

    /// <summary>Whether the job is no more this runner's to finish. Otherwise it is the text that the broker won't have.</summary>
    private static bool IsOthers(BrokerException e) => e.Status is 404 or 409 || e.Code == ErrorCodes.NotRunning || (e.Code is null && e.Status == 400);

    private static StoredOutcome Refused(StoredOutcome outcome, BrokerException e) =>
        outcome with { Kind = OutcomeKind.Fail, Text = $"the broker refused the result: {e.Status} {e.Message}" };
}
