using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Connections.Features;
using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Broker.Jobs;
using OpenClaw.Broker.Store;
using OpenClaw.Broker.Time;

namespace OpenClaw.Broker.Queues;

/// <summary>
/// <c>GET /jobs/next</c>: looks, and with a <c>wait</c> looks again on news. The wait is here and not in a grain, since
/// grain calls end after 30 s.
/// </summary>
internal sealed partial class Claims(
    QueueLinks queues, QueuePauses pauses, JobCalls calls, IJobStore store, ClaimWaiters waiters, IClaimSink seen, Clock clock,
    BrokerOptions options,
    IHostApplicationLifetime lifetime, ILogger<Claims> log)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);

    /// <summary>How long a claim that does not wait gives a queue that is just reading more jobs.</summary>
    private static readonly TimeSpan RefillPatience = TimeSpan.FromSeconds(2);

    /// <summary>When this process was first asked: every lease of before its start ends a lease's length later, unless its worker knows of it.</summary>
    private long firstAt;

    public async Task NextAsync(HttpContext context)
    {
        var wait = RequestParts.Wait(context);
        var claimant = new Claimant(context.GetWorkerId(), WorkerHeaders.Class(context, seen), RequestParts.ClaimId(context), WorkerHeaders.Queues(context));
        if (claimant.WorkerId is { } worker) seen.Asked(worker, claimant.Class, claimant.Queues);
        if (await TakeAsync(claimant, wait, context) is { } claim)
        {
            await DeliverAsync(context, claim);
            return;
        }
        await Answer.SendAsync(context, static json =>
        {
            json.WriteStartObject();
            json.WriteNull("job");
            json.WriteEndObject();
        });
    }

    /// <summary>
    /// Most claims find a job at once. Only one that doesn't asks the table whether its claim id is a repeat; and, so that none
    /// sets aside a job that it won't take, every one whose first sending may have been before this start.
    /// </summary>
    private async Task<Claim?> TakeAsync(Claimant claimant, TimeSpan wait, HttpContext context)
    {
        var aborted = context.RequestAborted;
        var now = clock.SteadyNow.Milliseconds;
        var first = Interlocked.CompareExchange(ref firstAt, now, 0) is var at and not 0 ? at : now;
        if (now - first <= options.LeaseMs && await RepeatAsync(claimant) is { } earlier) return earlier;
        var look = await LookAsync(claimant, aborted);
        if (look.Claim is null && await RepeatAsync(claimant) is { } repeat) return repeat;
        if (look.Claim is not null || wait == TimeSpan.Zero && !look.IsRefilling) return look.Claim;
        using var deadline = new CancellationTokenSource(wait > TimeSpan.Zero ? wait : RefillPatience, clock);
        var credential = context.GetCaller().Credential;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource([deadline.Token, aborted, lifetime.ApplicationStopping, credential.Revoked]);
        using var permit = credential.BeginWait();
        using var waiter = waiters.Join(claimant.Queues, claimant.Class);
        while (!stop.IsCancellationRequested)
        {
            waiter.Reset();
            if (IsGone(context)) return null;
            look = await LookAsync(claimant, stop.Token);
            if (look.Claim is not null || wait == TimeSpan.Zero && !look.IsRefilling) return look.Claim;
            await waiter.News.WaitAsync(LookAgain, clock, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        return null;
    }

    /// <summary>Whether the client has closed its connection, also where the server has not come to read that yet.</summary>
    private static bool IsGone(HttpContext context) =>
        context.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket && socket.Poll(0, SelectMode.SelectRead) && socket.Available == 0;

    /// <summary>Claims the first job that a queue offers and that lets itself be claimed, in the order of the queues.</summary>
    private async Task<(Claim? Claim, bool IsRefilling)> LookAsync(Claimant claimant, CancellationToken stop)
    {
        var isRefilling = false;
        if (pauses.OfBroker is not null || claimant.WorkerId is { } worker && seen.IsDrained(worker)) return default;
        foreach (var queue in claimant.Queues)
        {
            if (!calls.HasQueue(queue)) continue; // a poll makes no queue
            while (!stop.IsCancellationRequested && !lifetime.ApplicationStopping.IsCancellationRequested)
            {
                var offer = await queues[queue].AskAsync(claimant.Class);
                isRefilling |= offer.Refilling;
                if (offer.JobId is not { } id) break;
                if (await ClaimAsync(id, queue, claimant) is { } claim) return (claim, false);
            }
        }
        return (null, isRefilling);
    }

    /// <summary>The same claim id again: the same attempt, with its lease renewed.</summary>
    private async Task<Claim?> RepeatAsync(Claimant claimant)
    {
        if (claimant.ClaimId is null || await store.FindClaimAsync(claimant.ClaimId, claimant.WorkerId) is not { } id) return null;
        return await calls.ApplyAsync(id, Claiming(claimant)) is { Refusal: Refusal.None } reply ? new Claim(reply.Job, null) : null;
    }

    private async Task<Claim?> ClaimAsync(Guid id, string queue, Claimant claimant)
    {
        var (isOver, isGone) = (false, false);
        try
        {
            var reply = await calls.ApplyAsync(id, Claiming(claimant) with { Queue = queue });
            isGone = reply is null;
            isOver = !isGone; // its news have told the queue
            return reply is { Refusal: Refusal.None } ? new Claim(reply.Job, reply.Before) : null;
        }
        catch (ClaimIdInUseException)
        {
            // The same claim, sent again or twice at once: the first won, and this is its repeat.
            return await RepeatAsync(claimant);
        }
        finally
        {
            if (!isOver) await ReturnAsync(id, queue, isGone);
        }
    }

    private Claimed Claiming(Claimant claimant) =>
        new(calls.Now, calls.Now + options.LeaseMs, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), claimant.WorkerId, claimant.ClaimId);

    /// <summary>Gives back what was set aside; the queue does it by itself after a while, too.</summary>
    private async Task ReturnAsync(Guid id, string queue, bool isGone)
    {
        try
        {
            await queues.Grain(queue).ReturnAsync(id, isGone);
        }
        catch (Exception e)
        {
            LogNotReturned(e, id);
        }
    }

    /// <summary>Answers with the job; a claim whose answer can't be sent any more is undone.</summary>
    private async Task DeliverAsync(HttpContext context, Claim claim)
    {
        try
        {
            var payload = await calls.ReadPayloadAsync(claim.Job);
            var notes = claim.Job.HasNotedAttempts ? await store.ReadNotesAsync(claim.Job.Seq) : [];
            using var answer = Answer.Rent();
            answer.Json.WriteStartObject();
            answer.Json.WritePropertyName("job");
            await JobJson.WriteAsync(context, answer, new JobTexts(claim.Job, payload, null, null), notes, options.LeaseSeconds);
            answer.Json.WriteEndObject();
            context.RequestAborted.ThrowIfCancellationRequested();
            await answer.SendAsync(context);
        }
        catch
        {
            await UndoAsync(claim);
            throw;
        }
    }

    /// <summary>Undoes a claim; a repeated one stays, since its first answer may have arrived.</summary>
    private async Task UndoAsync(Claim claim)
    {
        if (claim.Before is not { } before) return;
        try
        {
            await calls.ApplyAsync(claim.Job.Id, new Undelivered(calls.Now, claim.Job.Version, before));
        }
        catch (Exception e)
        {
            LogNotUndone(e, claim.Job.Id);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The claim of job {JobId} could not be delivered nor undone; its lease ends it")]
    private partial void LogNotUndone(Exception e, Guid jobId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {JobId} could not be given back to its queue, which takes it back within 10 s")]
    private partial void LogNotReturned(Exception e, Guid jobId);

    private sealed record Claimant(string? WorkerId, WorkerClass Class, string? ClaimId, IReadOnlyList<string> Queues);

    /// <param name="Before">The job as the claim found it; null of a repeat.</param>
    private readonly record struct Claim(Job Job, Job? Before);
}
