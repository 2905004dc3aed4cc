using System.Security.Cryptography;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Storage.Sqlite;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Queues;

/// <summary>
/// <c>GET /jobs/next</c>: looks, and with a <c>wait</c> looks again on news. The wait is here and not in a grain, since
/// grain calls end after 30 s.
/// </summary>
internal sealed partial class Claims(
    BrokerGrains grains, JobReader table, NewsDesk news, ClaimWaiters waiters, Clock clock, BrokerOptions options,
    IHostApplicationLifetime lifetime, ILogger<Claims> log)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);

    public async Task NextAsync(HttpContext context)
    {
        var wait = RequestParts.Wait(context);
        var claimant = new Claimant(RequestParts.WorkerId(context), RequestParts.Caps(context), RequestParts.ClaimId(context));
        var repeated = await RepeatAsync(claimant);
        var job = repeated
            ?? (wait > TimeSpan.Zero ? await WaitAsync(claimant, wait, context.RequestAborted) : await LookAsync(claimant, context.RequestAborted));
        if (job is null)
        {
            await Answer.SendAsync(context, static json =>
            {
                json.WriteStartObject();
                json.WriteNull("job");
                json.WriteEndObject();
            });
            return;
        }
        await DeliverAsync(context, job, isRepeat: repeated is not null);
    }

    private async Task<Job?> WaitAsync(Claimant claimant, TimeSpan wait, CancellationToken aborted)
    {
        using var deadline = new CancellationTokenSource(wait, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, aborted, lifetime.ApplicationStopping);
        using var waiter = waiters.Join(QueueNames.Default, claimant.Caps);
        while (!stop.IsCancellationRequested)
        {
            waiter.Reset();
            if (await LookAsync(claimant, stop.Token) is { } job) return job;
            await waiter.News.WaitAsync(LookAgain, clock, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        return null;
    }

    /// <summary>Claims the first job that the queue offers and that lets itself be claimed.</summary>
    private async Task<Job?> LookAsync(Claimant claimant, CancellationToken stop)
    {
        var queue = grains.Queue(QueueNames.Default);
        var refilled = false;
        while (!stop.IsCancellationRequested && !lifetime.ApplicationStopping.IsCancellationRequested)
        {
            var offer = await queue.NextAsync(claimant.Caps);
            if (offer.JobId is { } id)
            {
                if (await ClaimAsync(id, claimant) is { } job) return job;
                refilled = false;
            }
            else if (offer.Refilling && !refilled)
            {
                refilled = true; // once a look: a refill that fails must not be tried for ever
                await queue.WhenRefilledAsync();
            }
            else
            {
                return null;
            }
        }
        return null;
    }

    /// <summary>The same claim id again: the same attempt, with its lease renewed.</summary>
    private async Task<Job?> RepeatAsync(Claimant claimant) =>
        claimant.ClaimId is { } claimId && await table.FindClaimAsync(claimId, claimant.WorkerId) is { } id ? await ClaimAsync(id, claimant) : null;

    private async Task<Job?> ClaimAsync(Guid id, Claimant claimant)
    {
        var token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        JobReply? reply;
        try
        {
            reply = await grains.Job(id).ApplyAsync(new Claimed(clock.Wall, clock.SteadyNow.Milliseconds + options.LeaseMs, token, claimant.WorkerId, claimant.ClaimId));
        }
        catch (ClaimIdInUseException)
        {
            // The same claim, sent twice at once: the other one won, and this is its repeat.
            await ReturnAsync(id);
            return await RepeatAsync(claimant);
        }
        catch
        {
            await ReturnAsync(id);
            throw;
        }
        if (reply is null) return null;
        await news.PublishAsync(reply.Job);
        return reply.Refusal == Refusal.None ? reply.Job : null;
    }

    private Task ReturnAsync(Guid id) => grains.Queue(QueueNames.Default).ReturnAsync(id);

    /// <summary>Answers with the job; a claim whose answer can't be sent any more is undone.</summary>
    private async Task DeliverAsync(HttpContext context, Job job, bool isRepeat)
    {
        try
        {
            var payload = await table.ReadPayloadAsync(job.Seq);
            using var answer = Answer.Rent();
            answer.Json.WriteStartObject();
            answer.Json.WritePropertyName("job");
            JobJson.Write(answer.Json, job, payload, result: null, options.LeaseSeconds, clock);
            answer.Json.WriteEndObject();
            context.RequestAborted.ThrowIfCancellationRequested();
            await answer.SendAsync(context);
        }
        catch
        {
            if (!isRepeat) await UndoAsync(job);
            throw;
        }
    }

    /// <summary>Undoes a claim; a repeated one stays, since its first answer may have arrived.</summary>
    private async Task UndoAsync(Job job)
    {
        try
        {
            if (await grains.Job(job.Id).ApplyAsync(new Undelivered(clock.Wall, job.LeaseToken!, job.Version)) is { Refusal: Refusal.None } reply) await news.PublishAsync(reply.Job);
        }
        catch (Exception e)
        {
            LogNotUndone(e, job.Id);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The claim of job {JobId} could not be delivered nor undone; its lease ends it")]
    private partial void LogNotUndone(Exception e, Guid jobId);

    private sealed record Claimant(string? WorkerId, string Caps, string? ClaimId);
}
