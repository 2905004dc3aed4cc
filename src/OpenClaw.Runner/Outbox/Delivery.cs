using System.Threading.Channels;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Runner.Outbox;

/// <summary>
/// Brings outcomes to the broker. Each is on disk before it is sent, so that a runner killed in between sends it after its
/// restart; the broker takes the same outcome twice without harm. Short ones that come while others are on their way go together.
/// </summary>
internal sealed class Delivery(BrokerClient broker, OutboxFolder outbox, Backoff backoff, BrokerContact contact, RunnerLog log, TimeProvider clock)
{
    private const int MostTogether = 100;

    /// <summary>Characters. A longer text goes by itself, so that no other waits for it.</summary>
    private const int LongestShared = 16 * 1024;

    /// <summary>Names of files: their texts, which may be long and many, are read one at a time.</summary>
    private readonly Channel<string> waiting = Channel.CreateUnbounded<string>();

    private readonly Lock gate = new();
    private readonly List<(StoredOutcome Outcome, TaskCompletionSource<TimeSpan?> Left)> next = [];
    private bool isSending;

    /// <summary>Keeps and sends an outcome; one that can't be sent now is left to <see cref="RunAsync"/>.</summary>
    /// <exception cref="OutboxException">The disk fails.</exception>
    public Task DeliverAsync(StoredOutcome outcome, CancellationToken giveUp) =>
        // Without a token it is the Python broker's, which takes one at a time.
        KeepAndSendAsync(outcome, outcome.LeaseToken is null || outcome.Text.Length > LongestShared ? SendAsync : SendWithOthersAsync, giveUp);

    /// <summary>Keeps an outcome that is delivered later by this process, or by the next one.</summary>
    public void Keep(StoredOutcome? outcome)
    {
        try
        {
            if (outcome is not null) outbox.Keep(outcome);
        }
        catch (OutboxException)
        {
            // Whoever delivers it meets that again, and tries without the disk.
        }
    }

    private async Task KeepAndSendAsync(StoredOutcome outcome, Func<StoredOutcome, CancellationToken, Task<TimeSpan?>> sendAsync, CancellationToken giveUp)
    {
        try
        {
            outbox.Keep(outcome);
        }
        catch (OutboxException)
        {
            // It is about to be lost with the process: one try without the disk.
            await sendAsync(outcome, giveUp);
            throw;
        }
        if (await sendAsync(outcome, giveUp) is not null) waiting.Writer.TryWrite(outcome.FileName);
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

    private async Task<TimeSpan?> SendWithOthersAsync(StoredOutcome outcome, CancellationToken stop)
    {
        var left = new TaskCompletionSource<TimeSpan?>(TaskCreationOptions.RunContinuationsAsynchronously);
        bool isFirst;
        lock (gate)
        {
            next.Add((outcome, left));
            isFirst = !isSending;
            isSending = true;
        }
        if (isFirst) _ = SendNextAsync(stop); // who came first does not wait for those that come after
        return await left.Task;
    }

    private async Task SendNextAsync(CancellationToken stop)
    {
        while (TakeNext() is { Count: > 0 } batch)
        {
            try
            {
                var left = await SendAsync([.. batch.Select(b => b.Outcome)], stop);
                for (var n = 0; n < batch.Count; n++) batch[n].Left.SetResult(left[n]);
            }
            catch (Exception e)
            {
                foreach (var (_, failed) in batch) failed.SetException(e);
            }
        }
    }

    private List<(StoredOutcome Outcome, TaskCompletionSource<TimeSpan?> Left)> TakeNext()
    {
        lock (gate)
        {
            var batch = next.GetRange(0, Math.Min(MostTogether, next.Count));
            next.RemoveRange(0, batch.Count);
            isSending = batch.Count > 0;
            return batch;
        }
    }

    private async Task<TimeSpan?[]> SendAsync(IReadOnlyList<StoredOutcome> outcomes, CancellationToken stop)
    {
        var left = new TimeSpan?[outcomes.Count];
        IReadOnlyList<EndOutcome>? answers = null;
        try
        {
            if (outcomes.Count > 1) answers = await broker.EndManyAsync([.. outcomes.Select(End)], stop);
        }
        catch (BrokerException e) when (IsFinal(e))
        {
            // It speaks of the call and of none of the outcomes: they go one by one.
        }
        catch (Exception e) when (BrokerContact.IsFailedCall(e))
        {
            for (var n = 0; n < left.Length; n++) left[n] = KeepFor(outcomes[n], e);
            return left;
        }
        for (var n = 0; n < left.Length; n++)
        {
            if (answers is null) left[n] = await SendAsync(outcomes[n], stop);
            else if (answers[n].Error is { } problem) left[n] = await RefusedAsync(outcomes[n], BrokerException.Of(problem), stop);
            else Delivered(outcomes[n], answers[n].Status ?? "", answers[n].Note);
        }
        return left;
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
                : await broker.FailAsync(outcome.JobId, outcome.LeaseToken, outcome.Text, outcome.Retryable ?? true, stop: stop);
            Delivered(outcome, answer.Status, answer.Note);
            return null;
        }
        catch (Exception e) when (BrokerContact.IsFailedCall(e))
        {
            return await RefusedAsync(outcome, e, stop);
        }
    }

    private void Delivered(StoredOutcome outcome, string status, string? note)
    {
        outbox.Remove(outcome);
        contact.Answered();
        log.Delivered(outcome.JobId, status, note);
    }

    private async Task<TimeSpan?> RefusedAsync(StoredOutcome outcome, Exception e, CancellationToken stop)
    {
        if (e is not BrokerException refused || !IsFinal(refused)) return KeepFor(outcome, e);
        outbox.SetAside(outcome);
        log.Orphaned(outcome.JobId, refused.Status, refused.Message);
        if (outcome.Kind == OutcomeKind.Result && !IsOthers(refused)) await KeepAndSendAsync(Refused(outcome, refused), SendAsync, stop);
        return null;
    }

    /// <summary>How long the broker wants to be left alone.</summary>
    private TimeSpan KeepFor(StoredOutcome outcome, Exception e)
    {
        log.DeliveryFailed(outcome.JobId, BrokerContact.Describe(e));
        return (e as BrokerException)?.RetryAfter ?? TimeSpan.Zero;
    }

    private static JobEnd End(StoredOutcome outcome) => outcome.Kind == OutcomeKind.Result
        ? new JobEnd(outcome.JobId, outcome.LeaseToken!) { Result = outcome.Text }
        : new JobEnd(outcome.JobId, outcome.LeaseToken!) { Error = outcome.Text, Retryable = outcome.Retryable };

    /// <summary>A 401 can be repaired by setting the token, a 3xx is not from the broker: both are tried again.</summary>
    private static bool IsFinal(BrokerException e) => e.Status is >= 400 and < 500 && e.Status != 401 && !e.IsPassing;

    /// <summary>Whether the job is no more this runner's to finish. Otherwise it is the text that the broker won't have.</summary>
    private static bool IsOthers(BrokerException e) => e.Status is 404 or 409 || e.Code == ErrorCodes.NotRunning || (e.Code is null && e.Status == 400);

    private static StoredOutcome Refused(StoredOutcome outcome, BrokerException e) =>
        outcome with { Kind = OutcomeKind.Fail, Text = $"the broker refused the result: {e.Status} {e.Message}" };
}
