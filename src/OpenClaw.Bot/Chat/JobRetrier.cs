using OpenClaw.Client;
using OpenClaw.Contracts;
using OpenClaw.Programs;

namespace OpenClaw.Bot.Chat;

/// <summary>Has a failed job done again, once, whatever gets lost: the round that failed says whether that has happened.</summary>
internal sealed class JobRetrier(
    IChatGateway chat, Brokers brokers, BotState state, ChatSettings settings, JobMessages messages, TimeProvider clock, Func<double> chance, ProgramLog log)
{
    /// <summary>Null: the job is being done again; else the sentence that says why not.</summary>
    /// <param name="maybeSent">Whether a request may have gone out before, as after a restart.</param>
    public async Task<string?> RetryAsync(TrackedJob job, bool maybeSent, StatusMessage message, CancellationToken stop)
    {
        var (id, failed) = (job.JobId!, job.RetriedRound);
        var named = NamedJob.Of(state.Now, job);
        var backoff = settings.NewBackoff(chance);
        if (maybeSent) await PutButtonsAsync(job, null);
        while (true)
        {
            var pause = backoff.Next();
            try
            {
                var view = await brokers.Of(job.UserId).GetAsync(id, default, stop);
                if (maybeSent && view.Round > failed) return null;
                if (view.Round != failed || view.State != JobStates.Failed) return messages.NoLongerFailed(named, view);
                await brokers.Of(job.UserId).RetryAsync(id, stop: stop);
                return null;
            }
            catch (BrokerException e) when (e.Code is ErrorCodes.NotEnded or ErrorCodes.NotFailed)
            {
                continue; // somebody was faster
            }
            catch (BrokerException e) when (!e.IsPassing && !e.WasLost)
            {
                if (e.Status != 404) await PutButtonsAsync(job, RetryButton.For(id, job.RetriedRound!.Value));
                return messages.Refused(e, messages.NoLongerKnown(named).Text!);
            }
            catch (BrokerException e)
            {
                maybeSent |= e.WasLost;
                if (e.RetryAfter > pause) pause = e.RetryAfter.Value;
                log.Warn("broker: a job could not be retried", ("job_id", id), ("status", e.Status), ("reason", Reasons.Of(e)));
            }
            if (clock.GetUtcNow() - job.AskedAt > JobCreator.GiveUpAfter) return "The broker was away for too long; the job was not done again.";
            await message.OfferAsync(messages.Waiting("retry"));
            await Task.Delay(pause, clock, stop);
        }
    }

    private Task<Delivery> PutButtonsAsync(TrackedJob job, IReadOnlyList<Button>? buttons) =>
        chat.EditAsync(new MessageRef(job.ChannelId, job.ReplyTo!), new MessageBody(null, buttons));
}
