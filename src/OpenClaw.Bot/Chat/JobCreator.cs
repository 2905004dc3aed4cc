using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Bot.Chat;

/// <summary>
/// Creates a job once, whatever gets lost: with a key that makes a repetition harmless, or, where the broker has no keys, without
/// repeating what may have arrived.
/// </summary>
internal sealed class JobCreator(
    IChatGateway chat, Brokers brokers, Served served, ChatSettings settings, JobMessages messages, TimeProvider clock, Func<double> chance, ProgramLog log)
{
    /// <summary>How long a wish waits for a broker that is away.</summary>
    public static readonly TimeSpan GiveUpAfter = TimeSpan.FromHours(23);
    private static readonly TimeSpan TypingAfter = TimeSpan.FromSeconds(1);

    /// <summary>The job's id, or the sentence that says why there is none.</summary>
    /// <param name="maybeSent">Whether a request may have gone out before, as after a restart.</param>
    public async Task<(string? Id, string? Refusal)> CreateAsync(TrackedJob job, bool maybeSent, StatusMessage message, CancellationToken stop)
    {
        var name = chat.Text.Code(job.Command);
        if ((job.BrokerCommand ?? Commands.Find(job.Command)?.BrokerCommand) is not { } command)
        {
            return (null, $"This bot no longer has the command {name}; nothing was sent.");
        }
        var body = new CreateJob(command, job.Payload ?? "");
        var backoff = settings.NewBackoff(chance);
        while (true)
        {
            var (pause, isSent) = (backoff.Next(), false);
            try
            {
                if (maybeSent && !await HasKeysAsync(stop))
                {
                    return (null, $"The broker's answer to your {name} was lost, so it isn't known whether a job was made. "
                        + "Nothing is repeated by itself; ask again if you need it.");
                }
                if (job.BrokerCommand is not null && !maybeSent && await served.RefuseAsync(job.UserId, command, stop) is { } refusal) return (null, refusal);
                isSent = true;
                var created = await WithTypingAsync(brokers.Of(job.UserId).CreateAsync(body, $"{chat.Name}-{job.Key}", stop), job, stop);
                return created.Id is { Length: > 0 } id ? (id, null) : (null, "The broker made a job without an id.");
            }
            catch (BrokerException e) when (!e.IsPassing && !e.WasLost)
            {
                return (null, e.Status == 401
                    ? "The broker refuses this bot's token. Give the bot the broker's own BOT_TOKEN."
                    : $"The broker refused this: {messages.Reason(e.Message)}");
            }
            catch (BrokerException e)
            {
                maybeSent |= isSent && e.WasLost;
                if (e.RetryAfter > pause) pause = e.RetryAfter.Value;
                log.Warn("broker: a job could not be created", ("status", e.Status), ("reason", Reasons.Of(e)));
            }
            if (clock.GetUtcNow() - job.AskedAt > GiveUpAfter) return (null, $"The broker was away for too long; your {name} was not sent.");
            await message.OfferAsync(messages.Waiting(job.Command));
            await Task.Delay(pause, clock, stop);
        }
    }

    /// <summary>Only a broker that has lists has keys too; the Python one has neither.</summary>
    private async Task<bool> HasKeysAsync(CancellationToken stop)
    {
        try
        {
            await brokers.Shared.ListAsync(new JobFilter { Limit = 1 }, stop);
            return true;
        }
        catch (BrokerException e) when (e.Status is 404 or 405)
        {
            return false;
        }
    }

    private async Task<T> WithTypingAsync<T>(Task<T> asking, TrackedJob job, CancellationToken stop)
    {
        using var quick = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var slow = Task.Delay(TypingAfter, clock, quick.Token);
        var first = await Task.WhenAny(asking, slow);
        await quick.CancelAsync();
        if (first == slow && job.AnswerTo is null && !stop.IsCancellationRequested) await chat.ShowTypingAsync(job.ChannelId);
        return await asking;
    }
}
