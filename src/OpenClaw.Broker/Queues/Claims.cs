using System.Globalization;
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
    private const int MostAtOnce = 100;
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);

    /// <summary>How long a claim that does not wait gives a queue that is just reading more jobs.</summary>
    private static readonly TimeSpan RefillPatience = TimeSpan.FromSeconds(2);

    /// <summary>When this process was first asked: every lease of before its start ends a lease's length later, unless its worker knows of it.</summary>
    private long firstAt;

    public async Task NextAsync(HttpContext context)
    {
        var wait = RequestParts.Wait(context);
        var most = Most(context);
        var claimant = new Claimant(context.GetWorkerId(), WorkerHeaders.Class(context, seen), RequestParts.ClaimId(context), WorkerHeaders.Queues(context),
            most ?? 1);
        if (claimant.WorkerId is { } worker) seen.Asked(worker, claimant.Class, claimant.Queues);
        var claims = await TakeAsync(claimant, wait, context);
        await DeliverAsync(context, claims, isList: most is not null);
    }

    /// <summary>How many jobs are asked for; null where the answer is to hold one, and no list.</summary>
    private static int? Most(HttpContext context)
    {
        if (context.Request.Query["max"].ToString() is not { Length: > 0 } text) return null;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var most) && most is >= 1 and <= MostAtOnce
            ? most
            : throw ProblemException.BadQuery("max", $"must be a number from 1 to {MostAtOnce}");
    }

    /// <summary>
    /// Most claims find a job at once. Only one that doesn't asks the table whether its claim id is a repeat; and, so that none
    /// sets aside a job that it won't take, every one whose first sending may have been before this start.
    /// </summary>
    private async Task<List<Claim>> TakeAsync(Claimant claimant, TimeSpan wait, HttpContext context)
    {
        var aborted = context.RequestAborted;
        var now = clock.SteadyNow.Milliseconds;
        var first = Interlocked.CompareExchange(ref firstAt, now, 0) is var at and not 0 ? at : now;
        if (now - first <= options.LeaseMs && await RepeatAsync(claimant) is { Count: > 0 } earlier) return earlier;
        var look = await LookAsync(claimant, aborted);
        if (look.Claims.Count == 0 && await RepeatAsync(claimant) is { Count: > 0 } repeat) return repeat;
        if (look.Claims.Count > 0 || wait == TimeSpan.Zero && !look.IsRefilling) return look.Claims;
        using var deadline = new CancellationTokenSource(wait > TimeSpan.Zero ? wait : RefillPatience, clock);
        var credential = context.GetCaller().Credential;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource([deadline.Token, aborted, lifetime.ApplicationStopping, credential.Revoked]);
        using var permit = credential.BeginWait();
        using var waiter = waiters.Join(claimant.Queues, claimant.Class);
        while (!stop.IsCancellationRequested)
        {
            waiter.Reset();
            if (IsGone(context)) return [];
            look = await LookAsync(claimant, stop.Token);
            if (look.Claims.Count > 0 || wait == TimeSpan.Zero && !look.IsRefilling) return look.Claims;
            await waiter.News.WaitAsync(LookAgain, clock, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        return [];
    }

    /// <summary>Whether the client has closed its connection, also where the server has not come to read that yet.</summary>
    private static bool IsGone(HttpContext context) =>
        context.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket && socket.Poll(0, SelectMode.SelectRead) && socket.Available == 0;

    /// <summary>Claims the first jobs that queues offer and that let themselves be claimed, in the order of the queues.</summary>
    private async Task<(List<Claim> Claims, bool IsRefilling)> LookAsync(Claimant claimant, CancellationToken stop)
    {
        var isRefilling = false;
        var claims = new List<Claim>(1);
        if (pauses.OfBroker is not null || claimant.WorkerId is { } worker && seen.IsDrained(worker)) return (claims, false);
        foreach (var queue in claimant.Queues)
        {
            if (!calls.HasQueue(queue)) continue; // a poll makes no queue
            while (claims.Count < claimant.Most && !claimant.IsRepeated && !stop.IsCancellationRequested
                && !lifetime.ApplicationStopping.IsCancellationRequested)
            {
                var offer = await queues[queue].AskAsync(new Ask(claimant.Class, claimant.Most - claims.Count));
                isRefilling |= offer.Refilling;
                if (offer.JobId is not { } id) break;
                if (offer.More is not { Length: > 0 } more)
                {
                    if (await ClaimAsync(id, queue, claimant, claims.Count) is { } claim) claims.Add(claim);
                    continue;
                }
                // All at once: their writes share a commit.
                var n = claims.Count;
                var all = await Task.WhenAll(more.Prepend(id).Select((job, i) => ClaimAsync(job, queue, claimant, n + i)));
                claims.AddRange(all.OfType<Claim>());
            }
        }
        return claimant.IsRepeated ? (await RepeatAsync(claimant), false) : (claims, isRefilling);
    }

    /// <summary>The same claim id again: the same attempts, with their leases renewed.</summary>
    private async Task<List<Claim>> RepeatAsync(Claimant claimant)
    {
        var claims = new List<Claim>();
        if (claimant.ClaimId is null) return claims;
        foreach (var id in (await store.FindClaimAsync(claimant.ClaimId, claimant.WorkerId)).Take(claimant.Most))
        {
            if (await calls.ApplyAsync(id, Claiming(claimant)) is { Refusal: Refusal.None } reply) claims.Add(new Claim(reply.Job, null));
        }
        return claims;
    }

    /// <param name="n">The job's number within the claim.</param>
    private async Task<Claim?> ClaimAsync(Guid id, string queue, Claimant claimant, int n)
    {
        var (isOver, isGone) = (false, false);
        try
        {
            var reply = await calls.ApplyAsync(id, Claiming(claimant) with { Queue = queue, N = n });
            isGone = reply is null;
            isOver = !isGone; // its news have told the queue
            return reply is { Refusal: Refusal.None } ? new Claim(reply.Job, reply.Before) : null;
        }
        catch (ClaimIdInUseException)
        {
            claimant.IsRepeated = true; // the same claim, sent again or twice at once: the first won, and this is its repeat
            return null;
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

    /// <summary>Answers with the jobs; claims whose answer can't be sent any more are undone.</summary>
    private async Task DeliverAsync(HttpContext context, List<Claim> claims, bool isList)
    {
        try
        {
            using var answer = Answer.Rent();
            answer.Json.WriteStartObject();
            if (isList) answer.Json.WriteStartArray("jobs");
            else answer.Json.WritePropertyName("job");
            foreach (var claim in claims) await WriteAsync(context, answer, claim);
            if (isList) answer.Json.WriteEndArray();
            else if (claims.Count == 0) answer.Json.WriteNullValue();
            answer.Json.WriteEndObject();
            if (claims.Count > 0) context.RequestAborted.ThrowIfCancellationRequested();
            await answer.SendAsync(context);
        }
        catch
        {
            foreach (var claim in claims) await UndoAsync(claim);
            throw;
        }
    }

    private async Task WriteAsync(HttpContext context, Answer answer, Claim claim)
    {
        var payload = await calls.ReadPayloadAsync(claim.Job);
        var notes = claim.Job.HasNotedAttempts ? await store.ReadNotesAsync(claim.Job.Seq) : [];
        var details = claim.Job.HasNotedAttempts ? await store.ReadDetailsAsync(claim.Job.Seq) : null;
        await JobJson.WriteAsync(context, answer, new JobTexts(claim.Job, payload, null, null), notes, options.LeaseSeconds, details);
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

    private sealed record Claimant(string? WorkerId, WorkerClass Class, string? ClaimId, IReadOnlyList<string> Queues, int Most)
    {
        /// <summary>Whether its claim id turned out to be that of a claim that has jobs.</summary>
        public bool IsRepeated { get; set; }
    }

    /// <param name="Before">The job as the claim found it; null of a repeat.</param>
    private sealed record Claim(Job Job, Job? Before);
}
