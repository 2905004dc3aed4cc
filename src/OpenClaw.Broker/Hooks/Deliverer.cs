using System.Globalization;
using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Broker.Hooks;

/// <summary>Claims the jobs of the queue of webhooks, and sends each once: what the receiver does not take, the broker has tried again.</summary>
internal sealed class Deliverer(BrokerClient broker, HookClient hooks, ProgramLog log, TimeProvider clock)
{
    /// <summary>How many are sent at once.</summary>
    private const int Places = 8;

    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(30);

    /// <summary>How long a receiver may take; less where the lease is short.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>How often it is said what became of a webhook, before the lease is left to end.</summary>
    private const int MostTries = 5;

    private readonly HashSet<Task> sending = [];

    /// <summary>Until it is stopped; then what is being sent is finished or given back.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        var pause = NewPause();
        string? away = null;
        while (!stop.IsCancellationRequested)
        {
            sending.RemoveWhere(static t => t.IsCompletedSuccessfully);
            try
            {
                if (sending.Count == Places) await await Task.WhenAny(sending);
                else foreach (var job in await ClaimAsync(stop)) sending.Add(DeliverAsync(job, stop));
                if (away is not null) log.Info("the broker answers again");
                away = null;
                pause.Reset();
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                break;
            }
            catch (BrokerException e)
            {
                if (away != e.Message) log.Warn($"no webhooks can be claimed: {VisibleText.Of(e.Message)}; tried again until it works");
                away = e.Message;
                await Task.Delay(e.RetryAfter ?? pause.Next(), clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        await Task.WhenAll(sending);
    }

    private Task<IReadOnlyList<JobView>> ClaimAsync(CancellationToken stop) =>
        broker.ClaimManyAsync(Guid.NewGuid().ToString("N"), Places - sending.Count, LongPoll, stop);

    private async Task DeliverAsync(JobView job, CancellationToken stop)
    {
        var patience = job.LeaseSeconds is { } lease && lease / 2 < Patience.TotalSeconds ? TimeSpan.FromSeconds(lease / 2) : Patience;
        HookOutcome outcome;
        try
        {
            outcome = await hooks.SendAsync(job.WebhookUrl ?? "", job.Id, job.Payload ?? "", patience, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await SayAsync(job, () => broker.ReleaseAsync(job.Id, job.LeaseToken), CancellationToken.None);
            return;
        }
        if (!outcome.IsTaken) log.Info($"webhook {job.Id} was not taken: {outcome.Text}");
        await SayAsync(job, () => outcome.IsTaken ? broker.FinishAsync(job.Id, job.LeaseToken, outcome.Text)
            : broker.FailAsync(job.Id, job.LeaseToken, outcome.Text, outcome.IsRetryable, outcome.RetryAfter), stop);
    }

    /// <summary>Where the broker does not hear it, the lease ends, and the webhook is sent again by the same id.</summary>
    private async Task SayAsync(JobView job, Func<Task> say, CancellationToken stop)
    {
        var pause = NewPause();
        for (var tries = 1; ; tries++)
        {
            try
            {
                await say();
                return;
            }
            catch (BrokerException e) when (e.IsPassing && tries < MostTries && !stop.IsCancellationRequested)
            {
                await Task.Delay(e.RetryAfter ?? pause.Next(), clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (BrokerException e)
            {
                log.Warn(string.Create(CultureInfo.InvariantCulture, $"what became of webhook {job.Id} could not be said: {VisibleText.Of(e.Message)}"));
                return;
            }
        }
    }

    private static Programs.Backoff NewPause() => new(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(10), Random.Shared.NextDouble);
}
