using System.Text;
using OpenClaw.Programs;

namespace OpenClaw.Bot.Chat;

/// <summary>
/// The one message that shows a job: posted once, then edited, at most every 2 s. Where it can't be written any more it is
/// written anew: in its channel, or else to the person directly.
/// </summary>
internal sealed class StatusMessage(IChatGateway chat, BotState state, TimeProvider clock, Func<double> chance, ProgramLog log, string key)
{
    private static readonly TimeSpan BetweenEdits = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan SlowestRetry = TimeSpan.FromSeconds(60);

    private MessageBody? shown;
    private DateTimeOffset? edited = state.Job(key)?.Shown is null ? null : clock.GetUtcNow();
    private bool hopeless;

    /// <summary>Shows this unless an edit was just made; then the next offer may.</summary>
    /// <returns>Whether it is shown.</returns>
    public async Task<bool> OfferAsync(MessageBody body)
    {
        if (body == shown || hopeless) return true;
        if (UntilNextEdit() > TimeSpan.Zero) return false;
        return await PutAsync(body, isLast: false) == DeliveryOutcome.Delivered;
    }

    /// <summary>Shows the last word, however long it takes: without its file, or even without its text, where the chat refuses those.</summary>
    /// <param name="withoutText">What is shown where nothing else can be.</param>
    public async Task ShowLastAsync(MessageBody body, MessageBody withoutText, CancellationToken stop)
    {
        var backoff = new Backoff(BetweenEdits, SlowestRetry, chance);
        while (body != shown)
        {
            await WaitAsync(UntilNextEdit(), stop);
            switch (await PutAsync(body, isLast: true))
            {
                case DeliveryOutcome.TooLarge or DeliveryOutcome.Refused when body.File is { } file:
                    body = JobMessages.WithoutFile(body, Encoding.UTF8.GetByteCount(file.Content));
                    break;
                case DeliveryOutcome.Refused when body != withoutText:
                    body = withoutText;
                    break;
                case DeliveryOutcome.Unreached:
                    stop.ThrowIfCancellationRequested();
                    await Task.Delay(backoff.Next(), clock, stop);
                    break;
                case not DeliveryOutcome.Delivered:
                    log.Warn("a job's message can't be shown", ("job_id", state.Job(key)?.JobId), ("user", state.Job(key)?.UserId));
                    return;
            }
        }
    }

    /// <summary>Zero where it may be changed now.</summary>
    public TimeSpan UntilNextEdit() => edited is { } last ? last + BetweenEdits - clock.GetUtcNow() : TimeSpan.Zero;

    private async Task<DeliveryOutcome> PutAsync(MessageBody body, bool isLast)
    {
        var job = state.Job(key)!;
        var delivery = job switch
        {
            { Shown: { } message } => await EditAsync(job, message, body, isLast),
            { AnswerTo: { } interaction } => await FillInAsync(job, interaction, body),
            _ => await PostAsync(job, body, "s"),
        };
        if (!delivery.IsDelivered) return delivery.Outcome;
        shown = body;
        if (delivery.Message != job.Shown) state.ChangeJob(key, j => j with { Shown = delivery.Message, AnswerTo = null });
        return DeliveryOutcome.Delivered;
    }

    /// <summary>A message that says "queued" for ever would be a lie: the end is posted as a new one where the old can't be changed.</summary>
    private async Task<Delivery> EditAsync(TrackedJob job, MessageRef message, MessageBody body, bool isLast)
    {
        var delivery = await chat.EditAsync(message, body);
        edited = clock.GetUtcNow();
        return delivery.Outcome switch
        {
            DeliveryOutcome.Gone => await PostAsync(job, body, "n"),
            DeliveryOutcome.Refused when isLast => await PostAsync(job, body, "n"),
            DeliveryOutcome.Forbidden => await PostDirectAsync(job, body),
            _ => delivery,
        };
    }

    private async Task<Delivery> FillInAsync(TrackedJob job, string interaction, MessageBody body)
    {
        var delivery = await chat.FillInAsync(interaction, body);
        edited = clock.GetUtcNow();
        var isSettled = delivery.Outcome is DeliveryOutcome.Delivered or DeliveryOutcome.Unreached or DeliveryOutcome.TooLarge;
        return isSettled ? delivery : await PostAsync(job, body, "s");
    }

    private async Task<Delivery> PostAsync(TrackedJob job, MessageBody body, string kind)
    {
        var delivery = await chat.SendAsync(job.ChannelId, body, kind + key, job.ReplyTo);
        return delivery.Outcome is DeliveryOutcome.Gone or DeliveryOutcome.Forbidden ? await PostDirectAsync(job, body) : delivery;
    }

    private async Task<Delivery> PostDirectAsync(TrackedJob job, MessageBody body)
    {
        if (await chat.OpenDirectAsync(job.UserId) is { } channel)
        {
            var delivery = await chat.SendAsync(channel, body, "d" + key, null);
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
            await Task.Delay(time, clock, stop);
        }
        catch (OperationCanceledException)
        {
            // What is known is still said.
        }
    }
}
