using System.Text;
using OpenClaw.Programs;

namespace OpenClaw.Bot.Chat;

/// <summary>
/// The one message that shows a job: posted once, then edited, at most every 2 s. Where it can't be written any more it is
/// written anew: in its channel, or else to the person directly.
/// </summary>
internal sealed class StatusMessage(BotParts parts, string key)
{
    private static readonly TimeSpan BetweenEdits = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan SlowestRetry = TimeSpan.FromSeconds(60);

    private MessageBody? shown;
    private DateTimeOffset? edited = parts.State.Job(key)?.Shown is null ? null : parts.Clock.GetUtcNow();
    private bool hopeless;

    /// <summary>Shows this unless an edit was just made; then the next offer may.</summary>
    /// <returns>Whether it is shown.</returns>
    public async Task<bool> OfferAsync(MessageBody body)
    {
        if (body == shown || hopeless) return true;
        if (Slot() > TimeSpan.Zero) return false;
        return await PutAsync(body) == DeliveryOutcome.Delivered;
    }

    /// <summary>Shows the last word, however long it takes.</summary>
    public async Task ShowLastAsync(MessageBody body, CancellationToken stop)
    {
        var backoff = new Backoff(BetweenEdits, SlowestRetry, parts.Chance);
        while (body != shown)
        {
            await WaitAsync(Slot(), stop);
            switch (await PutAsync(body))
            {
                case DeliveryOutcome.TooLarge or DeliveryOutcome.Refused when body.File is { } file:
                    body = Rendering.WithoutFile(body, Encoding.UTF8.GetByteCount(file.Content));
                    break;
                case DeliveryOutcome.Unreached:
                    stop.ThrowIfCancellationRequested();
                    await Task.Delay(backoff.Next(), parts.Clock, stop);
                    break;
                case not DeliveryOutcome.Delivered:
                    parts.Log.Warn($"job {parts.State.Job(key)?.JobId}: its message can't be shown to user {parts.State.Job(key)?.UserId}");
                    return;
            }
        }
    }

    private TimeSpan Slot() => edited + BetweenEdits - parts.Clock.GetUtcNow() ?? TimeSpan.Zero;

    private async Task<DeliveryOutcome> PutAsync(MessageBody body)
    {
        var job = parts.State.Job(key)!;
        Delivery delivery;
        if (job.Shown is { } message)
        {
            delivery = await parts.Chat.EditAsync(message, body, parts.Speaking);
            edited = parts.Clock.GetUtcNow();
            if (delivery.Outcome == DeliveryOutcome.Gone) delivery = await PostAsync(job, body, "n");
            if (delivery.Outcome == DeliveryOutcome.Forbidden) delivery = await PostDirectAsync(job, body);
        }
        else if (job.Interaction is { } interaction)
        {
            delivery = await parts.Chat.FillInAsync(interaction, body, parts.Speaking);
            edited = parts.Clock.GetUtcNow();
            if (delivery.Outcome is not (DeliveryOutcome.Delivered or DeliveryOutcome.Unreached or DeliveryOutcome.TooLarge)) delivery = await PostAsync(job, body, "s");
        }
        else
        {
            delivery = await PostAsync(job, body, "s");
        }
        if (!delivery.IsDelivered) return delivery.Outcome;
        shown = body;
        if (delivery.Message != job.Shown) parts.State.ChangeJob(key, j => j with { Shown = delivery.Message, Interaction = null });
        return DeliveryOutcome.Delivered;
    }

    private async Task<Delivery> PostAsync(TrackedJob job, MessageBody body, string kind)
    {
        var delivery = await parts.Chat.SendAsync(job.ChannelId, body, kind + key, job.ReplyTo, parts.Speaking);
        return delivery.Outcome is DeliveryOutcome.Gone or DeliveryOutcome.Forbidden ? await PostDirectAsync(job, body) : delivery;
    }

    private async Task<Delivery> PostDirectAsync(TrackedJob job, MessageBody body)
    {
        if (await parts.Chat.OpenDirectAsync(job.UserId, parts.Speaking) is { } channel)
        {
            var delivery = await parts.Chat.SendAsync(channel, body, "d" + key, null, parts.Speaking);
            if (delivery.Outcome is not (DeliveryOutcome.Gone or DeliveryOutcome.Forbidden)) return delivery;
        }
        hopeless = true;
        return new Delivery(DeliveryOutcome.Forbidden);
    }

    private async Task WaitAsync(TimeSpan time, CancellationToken stop)
    {
        if (time <= TimeSpan.Zero || stop.IsCancellationRequested) return;
        try
        {
            await Task.Delay(time, parts.Clock, stop);
        }
        catch (OperationCanceledException)
        {
            // What is known is still said.
        }
    }
}
