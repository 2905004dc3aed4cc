using System.Globalization;
using OpenClaw.Broker.Access;
using OpenClaw.Broker.Http;
using OpenClaw.Contracts;

namespace OpenClaw.Broker.Jobs;

/// <summary>What a bot's token opens: creating, reading, listing, cancelling and deleting jobs.</summary>
internal sealed class JobsApi(
    JobCalls calls, JobReader reader, JobCreation creation, IJobStore store, EndWaiters endWaiters, TimeProvider time, BrokerOptions options,
    IHostApplicationLifetime lifetime)
{
    private const int DefaultLimit = 50;
    private const int MaxLimit = 200;
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/jobs", (RequestDelegate)CreateAsync).RequireAuthorization(Rights.CreateJobs).WithMetadata(new OfContract());
        routes.MapGet("/jobs", (RequestDelegate)ListAsync).RequireAuthorization(Rights.ListJobs);
        routes.MapGet("/jobs/{id}", (RequestDelegate)GetAsync).RequireAuthorization(Rights.ReadJob).WithMetadata(new OfContract());
        routes.MapPost("/jobs/{id}/cancel", (RequestDelegate)CancelAsync).RequireAuthorization(Rights.ChangeJobs);
        routes.MapDelete("/jobs/{id}", (RequestDelegate)DeleteAsync).RequireAuthorization(Rights.DeleteJobs);
    }

    private async Task CreateAsync(HttpContext context)
    {
        var body = await RequestBody.ReadAsync(context, options.MaxCreateBytes);
        var job = reader.Read(context, body, IdempotencyKey.Of(context, "POST /jobs", body, calls.SteadyNow));
        var created = await creation.CreateAsync(job, context.GetCaller());
        var id = (created.Job ?? created.Found)?.Id ?? created.EarlierUse!.JobId;
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteString("id", id);
            json.WriteString("status", created.Found?.Status ?? JobStatuses.Queued);
            if (job.Unique is not null) json.WriteBoolean("created", created.Found is null && created.EarlierUse is not { IsFound: true });
            json.WriteEndObject();
        });
    }

    private async Task GetAsync(HttpContext context)
    {
        var id = RequestParts.JobId(context);
        var wait = RequestParts.Wait(context);
        var caller = context.GetCaller();
        var found = await store.FindWithTextsAsync(id);
        if (found is { Job.IsFinal: false } seen && wait > TimeSpan.Zero && caller.MaySee(seen.Job))
        {
            using var permit = caller.Credential.BeginWait();
            found = await WaitForEndAsync(id, wait, context.RequestAborted, caller.Credential.Revoked);
        }
        if (found is not { } texts || !caller.MaySee(texts.Job)) throw ProblemException.JobNotFound();
        var notes = texts.Job.HasNotedAttempts ? await store.ReadNotesAsync(texts.Job.Seq) : [];
        using var answer = Answer.Rent();
        await JobJson.WriteAsync(context, answer, texts, notes, leaseSeconds: null);
        await answer.SendAsync(context);
    }

    private async Task<JobTexts?> WaitForEndAsync(Guid id, TimeSpan wait, CancellationToken aborted, CancellationToken revoked)
    {
        var ended = endWaiters.Join(id);
        try
        {
            using var deadline = new CancellationTokenSource(wait, time);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource([deadline.Token, aborted, lifetime.ApplicationStopping, revoked]);
            while (true)
            {
                var found = await store.FindWithTextsAsync(id);
                if (found is not { Job.IsFinal: false } || stop.IsCancellationRequested) return found;
                await ended.WaitAsync(LookAgain, time, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        finally
        {
            endWaiters.Leave(id);
        }
    }

    private async Task ListAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var caller = context.GetCaller();
        var limit = DefaultLimit;
        if (query["limit"].ToString() is { Length: > 0 } limitText
            && (!int.TryParse(limitText, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > MaxLimit))
        {
            throw ProblemException.BadQuery("limit", $"must be a whole number from 1 to {MaxLimit}");
        }
        var (jobs, searchedUntil, searchedTime) = await store.ListAsync(JobFilters.Read(n => query[n].ToString(), ProblemException.BadQuery, caller,
            Cursor.Read(query["cursor"].ToString()), limit + 1), context.RequestAborted);
        var hasMore = jobs.Count > limit;
        if (hasMore) jobs.RemoveAt(limit);
        var next = hasMore ? jobs[^1].Seq : searchedUntil;
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("jobs");
            foreach (var job in jobs) JobJson.WriteSummary(json, job);
            json.WriteEndArray();
            json.WriteString("next", next is { } after ? Cursor.Write(after) : null);
            if (!hasMore && searchedTime is { } time) json.WriteNumber("searched_until", time / 1000);
            else json.WriteNull("searched_until");
            json.WriteEndObject();
        });
    }

    private async Task CancelAsync(HttpContext context)
    {
        var id = RequestParts.JobId(context);
        var body = await RequestBody.ReadAsync(context, options.MaxOtherBytes);
        var reason = JobFields.ReadReason(context, body);
        var caller = context.GetCaller();
        if (caller.SeesOwnAlone && (await store.FindAsync(id) is not { } job || !caller.MaySee(job))) throw ProblemException.JobNotFound();
        var reply = await calls.ApplyAsync(id, new CancelRequested(calls.Now, reason, caller.Name))
            ?? throw ProblemException.JobNotFound();
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("ok", true);
            json.WriteString("status", reply.Job.Status);
            json.WriteBoolean("cancel_requested", reply.Job.CancelRequested);
            if (reply.Refusal == Refusal.AlreadyEnded) json.WriteString("note", $"already {reply.Job.State.Name()}; cancel ignored");
            json.WriteEndObject();
        });
    }

    private async Task DeleteAsync(HttpContext context)
    {
        var id = RequestParts.JobId(context);
        await RequestBody.ReadAsync(context, options.MaxOtherBytes);
        var reply = await calls.ApplyAsync(id, new Deleted(calls.Now, context.GetCaller().Name)) ?? throw ProblemException.JobNotFound();
        if (reply.Refusal == Refusal.NotEnded)
        {
            throw new ProblemException(StatusCodes.Status409Conflict, ErrorCodes.NotEnded,
                $"the job has not ended (it is {reply.Job.State.Name()}); cancel it first: POST /jobs/{id}/cancel")
            {
                State = reply.Job.State.Name(),
            };
        }
        if (reply.Refusal == Refusal.Needed)
        {
            throw new ProblemException(StatusCodes.Status409Conflict, ErrorCodes.Needed,
                "an unfinished job depends on it, or its batch has not ended; wait for that, or cancel it")
            {
                State = reply.Job.State.Name(),
            };
        }
        await Answer.SendAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("ok", true);
            json.WriteString("id", id);
            json.WriteEndObject();
        });
    }
}
